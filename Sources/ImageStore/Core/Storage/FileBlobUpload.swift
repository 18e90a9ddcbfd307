import FirmwareImage
import Glibc
import NIOCore
import NIOPosix
import OpenSSL
import Synchronization

extension TemporaryFile {
  func upload(to store: FileBlobStore) throws -> FileBlobUpload {
    FileBlobUpload(store: store, file: self, hash: try HashInProgress())
  }
}

/// Hashes and writes on two threads at once, while its caller receives the next bytes.
actor FileBlobUpload: BlobUpload {
  /// How many calls' bytes wait for one of the two, or are with it.
  private static let depth = 3
  /// After how much that was written the disk is told to begin with it, so that the flush at the end finds little left
  /// to do.
  private static let startBytes: UInt64 = 2 << 20

  private let store: FileBlobStore
  /// Nil once the upload has ended.
  private var temporary: TemporaryFile?
  private let hash: HashInProgress
  private let hashing: WorkLane
  private let writing: WorkLane
  private var lengthBytes: UInt64 = 0
  private var startedBytes: UInt64 = 0

  init(store: FileBlobStore, file: TemporaryFile, hash: HashInProgress) {
    self.store = store
    self.temporary = file
    self.hash = hash
    hashing = WorkLane(threads: store.threads)
    writing = WorkLane(threads: store.threads)
  }

  func write(_ pieces: [ByteBuffer]) async throws {
    guard let file = temporary?.file else { throw BlobStoreError.closed }
    // Once it has to wait, it waits for more than room for one: every wake-up costs.
    try await wait(untilLeft: 1, ifMoreThan: Self.depth - 1)
    let offset = lengthBytes
    lengthBytes += UInt64(pieces.reduce(0) { $0 + $1.readableBytes })
    hashing.add { [hash] in hash.update(pieces) }
    writing.add {
      var position = offset
      for piece in pieces {
        try piece.withUnsafeReadableBytes { try file.write($0, at: position) }
        position += UInt64(piece.readableBytes)
      }
    }
    if lengthBytes - startedBytes >= Self.startBytes { startWriting(file) }
  }

  /// Lets the disk begin with what it has not begun with.
  private func startWriting(_ file: OpenFile) {
    let range = startedBytes..<lengthBytes
    startedBytes = lengthBytes
    writing.add { file.startWriting(range) }
  }

  func openForReading() async throws -> CInt? {
    guard let path = temporary?.file.path else { throw BlobStoreError.closed }
    try await wait(untilLeft: 0)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileBlobStore.translate(FileError.last("open", path)) }
    return descriptor
  }

  func commit(expecting expected: SHA256Digest?) async throws -> CommittedBlob {
    guard let temporary else { throw BlobStoreError.closed }
    defer { self.temporary = nil }
    startWriting(temporary.file)
    try await wait(untilLeft: 0)
    let (digest, isStored) = try await store.blocking { [store, hash, lengthBytes] in
      let digest = try hash.finish()
      if let expected, expected != digest { throw BlobStoreError.digestMismatch(expected: expected, actual: digest) }
      if try store.openIfThere(digest) != nil { return (digest, true) }
      try store.publish(temporary, as: digest, lengthBytes: lengthBytes)
      return (digest, false)
    }
    guard isStored else { return CommittedBlob(digest: digest, lengthBytes: lengthBytes, isNew: true) }

    // The same bytes again are not stored twice. A damaged file of that name is replaced by this good one.
    let isIntact = try await isStoredIntact(digest)
    try await store.blocking { [store, lengthBytes] in
      if isIntact {
        // Whoever renamed it may not have come this far yet, and this caller is about to hear that it is safe.
        try Directory.sync(store.layout.shard(of: digest))
      } else {
        try store.publish(temporary, as: digest, lengthBytes: lengthBytes)
      }
    }
    return CommittedBlob(digest: digest, lengthBytes: lengthBytes, isNew: !isIntact)
  }

  func abandon() async {
    // Work under way still uses the file.
    try? await hashing.wait(untilLeft: 0)
    try? await writing.wait(untilLeft: 0)
    if let temporary = temporary.take() {
      // Unlinking a large file takes a while; it happens where the last reference goes.
      try? await store.blocking { withExtendedLifetime(temporary) {} }
    }
  }

  private func isStoredIntact(_ digest: SHA256Digest) async throws -> Bool {
    guard let file = try await store.openFile(digest) else { return false }
    return try await store.actualDigest(of: file, expecting: digest).0 == digest
  }

  private func wait(untilLeft count: Int, ifMoreThan limit: Int = 0) async throws {
    do {
      try await hashing.wait(untilLeft: count, ifMoreThan: limit)
      try await writing.wait(untilLeft: count, ifMoreThan: limit)
    } catch {
      throw FileBlobStore.translate(error)
    }
  }
}

extension FileBlobStore {
  /// Puts all of a file on the disk and gives it its name, on the disk too.
  func publish(_ temporary: TemporaryFile, as digest: SHA256Digest, lengthBytes: UInt64) throws {
    let shard = layout.shard(of: digest)
    try temporary.file.sync()
    try Directory.create(shard)
    try temporary.rename(to: layout.path(of: digest))
    // Renaming changed the file's status; this is the state that was hashed.
    verified.remember(digest, try temporary.file.status().identity, expectedLengthBytes: lengthBytes)
    try Directory.sync(shard)
  }
}

/// A SHA-256 that the store's threads feed, one at a time.
final class HashInProgress: Sendable {
  private let hash: Mutex<SHA256?>

  init() throws(OpenSSLError) {
    hash = Mutex(try SHA256())
  }

  func update(_ pieces: [ByteBuffer]) {
    hash.withLock { hash in
      for piece in pieces { piece.withUnsafeReadableBytes { hash?.update($0) } }
    }
  }

  /// The digest; the first time only.
  func finish() throws -> SHA256Digest {
    let taken = hash.withLock { $0.take() }
    guard let finished = taken?.finalize() else { throw BlobStoreError.closed }
    return SHA256Digest(finished: finished)
  }
}
