import FileAccess
package import Foundations
import Glibc
import NIOPosix
import ServiceKit
import TextFormats

/// Blobs as files of one directory, which several processes may share.
///
/// - `images/ab/abcd…`: a blob, under its digest in hexadecimal, in a directory of its first byte
/// - `uploads/*.part`: what is being received
///
/// A blob appears under its name only when all of it was hashed and flushed, and it is acknowledged
/// only when its name is flushed too.
///
/// Reading checks: a blob is hashed before its first byte is served, and again whenever its file
/// has become another (`OpenFile.Identity`). That is remembered for a bounded number of blobs, so
/// the cost comes once a process and blob. It finds every change made through the file system, and
/// damage of the disk that happened before the first read; damage below the file system after that
/// is found by `check`, which always reads, and by the hash that devices verify.
package final class FileBlobStore: BlobStore {
  /// Threads for blocking calls: enough that some waiting in fsync don't keep others from reading.
  private static let threadCount = 8

  let layout: FileBlobLayout
  let threads: NIOThreadPool
  let verified: VerifiedBlobs
  let opened = OpenBlobs()
  private let minimumFreeBytes: Int

  /// Opens a directory, makes it if it is missing, and removes what killed uploads left there.
  ///
  /// - Parameter minimumFreeBytes: with less room on the disk it takes no uploads, which others that write to it may
  ///   need; see ``DiskSpace/floor(_:)``.
  package init(directory: String, minimumFreeBytes: Int = 0) async throws {
    layout = FileBlobLayout(directory: directory)
    self.minimumFreeBytes = minimumFreeBytes
    threads = NIOThreadPool(numberOfThreads: Self.threadCount)
    verified = VerifiedBlobs(threads: threads)
    threads.start()
    do {
      try await threads.runIfActive { [layout] in
        try Directory.create(layout.images)
        try Directory.create(layout.uploads)
        // All at once: making one flushes its parent, for which an upload would have to wait.
        try Directory.create(allOf: (UInt8.min...UInt8.max).map(layout.shard), in: layout.images)
        _ = try TemporaryFile.removeLeftovers(in: layout.uploads)
      }
    } catch {
      try await threads.shutdownGracefully()
      throw Self.translate(error)
    }
  }

  /// Ends the store's threads. Calls after it throw.
  package func close() async {
    // The only error is that they were ended before.
    try? await threads.shutdownGracefully()
  }

  /// Makes a file in `uploads`.
  ///
  /// - Throws: ``BlobStoreError/full(_:)`` if too little room is left on the disk.
  package func beginUpload() async throws -> any BlobUpload {
    let temporary = try await blocking { [self] () throws -> TemporaryFile in
      try requireRoom()
      return try TemporaryFile(in: layout.uploads)
    }
    return try temporary.upload(to: self)
  }

  /// Makes sure that there is room on the disk. Blocks.
  ///
  /// - Throws: `BlobStoreError.full`, before the disk is.
  func requireRoom() throws(BlobStoreError) {
    guard minimumFreeBytes > 0, let space = DiskSpace(of: layout.uploads) else { return }
    let floor = space.floor(minimumFreeBytes)
    guard space.freeBytes < floor else { return }
    throw .full("\(HumanText.bytes(space.freeBytes)) are free, and \(HumanText.bytes(floor)) are kept for others")
  }

  /// Opens the blob's file and hashes it, unless this process remembers the digest of the file as it is now.
  package func open(_ digest: SHA256Digest) async throws -> (any Blob)? {
    if let blob = opened.find(digest) { return blob }
    guard let file = try await openFile(digest) else { return nil }
    let (actual, identity) = try await actualDigest(of: file, expecting: digest)
    guard actual == digest else { throw BlobStoreError.corrupted(digest, actual: actual) }
    let blob = FileBlob(digest: digest, identity: identity, file: file, threads: threads)
    opened.keep(blob)
    return blob
  }

  /// Asks the file system, and reads nothing of the blob.
  package func stat(_ digest: SHA256Digest) async throws -> BlobStatus? {
    try await blocking { [layout] in try Self.status(of: digest, in: layout) }
  }

  /// Goes through the directories by the first byte of the digest, and reads nothing of the blobs.
  package func list(after cursor: SHA256Digest?, limit: Int) async throws -> [BlobStatus] {
    try await blocking { [layout] in
      var found: [BlobStatus] = []
      for shard in (cursor?.bytes[0] ?? 0)...255 {
        let digests = try layout.digests(inShard: shard).filter { digest in cursor.map { digest > $0 } ?? true }
        for digest in digests.sorted() {
          if found.count == limit { return found }
          if let status = try Self.status(of: digest, in: layout) { found.append(status) }
        }
      }
      return found
    }
  }

  /// Reads the blob's file from its beginning to its end, and remembers what was found in the place of what was known.
  package func check(_ digest: SHA256Digest) async throws -> BlobCheck? {
    guard let file = try await openFile(digest) else { return nil }
    do {
      let (actual, identity) = try await verified.read(file, expecting: digest)
      return BlobCheck(actual: actual, lengthBytes: identity.sizeBytes)
    } catch {
      throw Self.translate(error)
    }
  }

  /// The digest of what a blob's file holds, which may be remembered, and the state that has it.
  func actualDigest(
    of file: OpenFile, expecting digest: SHA256Digest
  ) async throws -> (SHA256Digest, OpenFile.Identity) {
    do { return try await verified.digest(of: file, expecting: digest) } catch { throw Self.translate(error) }
  }

  func openFile(_ digest: SHA256Digest) async throws -> OpenFile? {
    try await blocking { try self.openIfThere(digest) }
  }

  /// Opens a blob's file; nil if there is none. Blocks.
  func openIfThere(_ digest: SHA256Digest) throws(FileError) -> OpenFile? {
    try Self.openIfThere(layout.path(of: digest))
  }

  /// Opens a file; nil if there is none. Blocks.
  static func openIfThere(_ path: String) throws(FileError) -> OpenFile? {
    do throws(FileError) {
      return try OpenFile(path, O_RDONLY)
    } catch  where error.isNotFound {
      return nil
    }
  }

  private static func status(of digest: SHA256Digest, in layout: FileBlobLayout) throws(FileError) -> BlobStatus? {
    guard let status = try openIfThere(layout.path(of: digest))?.status() else { return nil }
    return BlobStatus(
      digest: digest, lengthBytes: status.identity.sizeBytes, storedAtSeconds: Int64(status.modified.tv_sec),
      storedAtNanoseconds: Int32(status.modified.tv_nsec))
  }

  /// Runs blocking calls on the store's threads.
  func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    do { return try await threads.runIfActive(work) } catch { throw Self.translate(error) }
  }

  static func translate(_ error: any Error) -> any Error {
    switch error {
    case let error as FileError where error.isOutOfSpace: BlobStoreError.full(error.description)
    case let error as FileError: BlobStoreError.failed(error.description)
    case is NIOThreadPoolError.ThreadPoolInactive: BlobStoreError.closed
    // What a stopped pool throws too; a cancelled caller gets its own error back.
    case is CancellationError where !Task.isCancelled: BlobStoreError.closed
    default: error
    }
  }
}
