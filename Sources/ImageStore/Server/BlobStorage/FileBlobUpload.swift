import FileAccess
import Foundations
import Glibc
import NIOCore
import NIOPosix

extension TemporaryFile {
  func upload(to store: FileBlobStore) throws -> FileBlobUpload {
    FileBlobUpload(store: store, file: self, hash: try HashInProgress())
  }
}

/// Hashes and writes on two threads at once, while its caller receives the next bytes.
actor FileBlobUpload: BlobUpload {
  /// How many calls' bytes wait for one of the two, or are with it.
  private static let depth = 3
  /// After so many bytes that were written, the disk is told to begin with them, so that the flush at the end finds
  /// little left to do.
  private static let startBytes: UInt64 = 2 << 20
  /// How long others may take to find out whether the same bytes stay: longer than a request to the Registry.
  private static let longestWait = Duration.seconds(20)

  private let store: FileBlobStore
  /// The file that is written to; nil once the upload has ended.
  private var temporary: TemporaryFile?
  private let hash: HashInProgress
  private let hashing: WorkLane
  private let writing: WorkLane
  private var lengthBytes: UInt64 = 0
  /// What was written, once all of it is known.
  private var written: WrittenBytes?
  /// What this upload brought, between `place` and `settle`: others see by its lock that it may go again.
  private var placed: (digest: SHA256Digest, file: TemporaryFile)?
  private var startedBytes: UInt64 = 0

  init(store: FileBlobStore, file: TemporaryFile, hash: HashInProgress) {
    self.store = store
    self.temporary = file
    self.hash = hash
    hashing = WorkLane(threads: store.threads)
    writing = WorkLane(threads: store.threads)
  }

  func write(_ pieces: [ByteBuffer]) async throws {
    guard let file = temporary?.file, written == nil else { throw BlobStoreError.closed }
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
    writing.add { [store] in
      try store.requireRoom()
      file.startWriting(range)
    }
  }

  func openForReading() async throws -> CInt? {
    guard let path = temporary?.file.path else { throw BlobStoreError.closed }
    try await wait(untilLeft: 0)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileBlobStore.translate(FileError.last("open", path)) }
    return descriptor
  }

  func finish() async throws -> WrittenBytes {
    if let written { return written }
    guard let temporary else { throw BlobStoreError.closed }
    startWriting(temporary.file)
    try await wait(untilLeft: 0)
    let written = WrittenBytes(digest: try hash.finish(), lengthBytes: lengthBytes)
    self.written = written
    return written
  }

  func place(expecting expected: SHA256Digest?) async throws -> CommittedBlob {
    let digest = try await finish().digest
    guard let temporary else { throw BlobStoreError.closed }
    if let expected, expected != digest { throw BlobStoreError.digestMismatch(expected: expected, actual: digest) }
    let isNew: Bool
    switch try await occupy(digest, with: temporary) {
    case .intact: isNew = false
    case .damaged:
      try await store.blocking { [store, lengthBytes] in
        try store.replace(digest, with: temporary, lengthBytes: lengthBytes)
      }
      isNew = true
    case .free:
      placed = (digest, temporary)
      isNew = true
    }
    self.temporary = nil
    return CommittedBlob(digest: digest, lengthBytes: lengthBytes, isNew: isNew)
  }

  /// What was found under a digest.
  private enum Place {
    /// The same bytes, which are stored only once.
    case intact
    /// Something else: this upload's good bytes repair it.
    case damaged
    /// Nothing; it is this upload's now.
    case free
  }

  /// Takes the place of the digest if it is free. One whose file is still locked by whoever brought it may become free
  /// again, so that is waited for.
  private func occupy(_ digest: SHA256Digest, with temporary: TemporaryFile) async throws -> Place {
    let deadline = ContinuousClock.now + Self.longestWait
    while true {
      let isPlaced = try await store.blocking { [store, lengthBytes] in
        try store.openIfThere(digest) == nil && store.publish(temporary, as: digest, lengthBytes: lengthBytes)
      }
      if isPlaced { return .free }
      if let file = try await settledFile(digest) {
        guard try await store.actualDigest(of: file, expecting: digest).0 == digest else { return .damaged }
        // Whoever put it there may not have come this far yet, and this caller is about to hear that it is safe.
        try await store.blocking { [store] in try Directory.sync(store.layout.shard(of: digest)) }
        return .intact
      }
      guard .now < deadline else { throw BlobStoreError.unsettled(digest) }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// The file of a digest, once nobody can take it away again; nil if somebody still can, or did.
  private func settledFile(_ digest: SHA256Digest) async throws -> OpenFile? {
    try await store.blocking { [store] in
      guard let file = try store.openIfThere(digest), try file.lockShared(), try file.status().linkCount > 0 else {
        return nil
      }
      return file
    }
  }

  func settle(keeping isKept: Bool) async {
    guard let (digest, file) = placed.take() else { return }
    // Its lock ends with the last reference.
    try? await store.blocking { [store] in
      if !isKept { try store.withdraw(digest, file) }
    }
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

  private func wait(untilLeft count: Int, ifMoreThan limit: Int = 0) async throws {
    do {
      try await hashing.wait(untilLeft: count, ifMoreThan: limit)
      try await writing.wait(untilLeft: count, ifMoreThan: limit)
    } catch {
      throw FileBlobStore.translate(error)
    }
  }
}
