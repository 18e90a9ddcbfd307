import FirmwareImage
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
  /// How much is written before it is put on the disk in the background, so that the flush at the
  /// end finds little left to do.
  private static let flushBytes: UInt64 = 8 << 20

  private let store: FileBlobStore
  /// Nil once the upload has ended.
  private var temporary: TemporaryFile?
  private let hash: HashInProgress
  private var lengthBytes: UInt64 = 0
  /// The previous call's work. `write` waits for it before it starts more.
  private var hashing: Task<Void, any Error>?
  private var writing: Task<Void, any Error>?
  /// Runs beside several calls. Its error counts: the kernel tells a failed flush only once.
  private var flushing: Task<Void, any Error>?
  private var flushStarted: UInt64 = 0
  private var isFlushing = false

  init(store: FileBlobStore, file: TemporaryFile, hash: HashInProgress) {
    self.store = store
    self.temporary = file
    self.hash = hash
  }

  func write(_ pieces: [ByteBuffer]) async throws {
    guard let file = temporary?.file else { throw BlobStoreError.closed }
    try await finishPrevious()
    try await startFlush(file)
    let offset = lengthBytes
    lengthBytes += UInt64(pieces.reduce(0) { $0 + $1.readableBytes })
    hashing = Task { [store, hash] in
      try await store.threads.runIfActive { hash.update(pieces) }
    }
    writing = Task { [store] in
      try await store.threads.runIfActive {
        var position = offset
        for piece in pieces {
          try piece.withUnsafeReadableBytes { try file.write($0, at: position) }
          position += UInt64(piece.readableBytes)
        }
      }
    }
  }

  /// Starts a background flush when enough was written since the last one and that has ended.
  private func startFlush(_ file: OpenFile) async throws {
    guard lengthBytes - flushStarted >= Self.flushBytes, !isFlushing else { return }
    try await finishFlush()
    flushStarted = lengthBytes
    isFlushing = true
    flushing = Task {
      defer { isFlushing = false }
      try await store.threads.runIfActive { try file.syncData() }
    }
  }

  private func finishFlush() async throws {
    let result = await flushing?.result
    flushing = nil
    do { try result?.get() } catch { throw FileBlobStore.translate(error) }
  }

  func commit(expecting expected: SHA256Digest?) async throws -> CommittedBlob {
    guard let temporary else { throw BlobStoreError.closed }
    defer { self.temporary = nil }
    try await finishPrevious()
    try await finishFlush()
    let digest = try await store.blocking { [hash] in try hash.finish() }
    if let expected, expected != digest { throw BlobStoreError.digestMismatch(expected: expected, actual: digest) }

    // The same bytes again are not stored twice. A damaged file of that name is replaced by this
    // good one.
    let isNew = !(try await isStoredIntact(digest))
    let verified = store.verified
    try await store.blocking { [store, lengthBytes] in
      let shard = store.layout.shard(of: digest)
      if isNew {
        try temporary.file.sync()
        try Directory.create(shard)
        try temporary.rename(to: store.layout.path(of: digest))
        // Renaming changed the file's status; this is the state that was hashed.
        verified.remember(digest, try temporary.file.status().identity, expectedLengthBytes: lengthBytes)
      }
      // Also for bytes that are there already: whoever renamed them may not have come this far yet,
      // and this caller is about to hear that they are safe.
      try Directory.sync(shard)
    }
    return CommittedBlob(digest: digest, lengthBytes: lengthBytes, isNew: isNew)
  }

  func abandon() async {
    // Work under way still uses the file.
    try? await finishPrevious()
    try? await finishFlush()
    if let temporary = temporary.take() {
      // Unlinking a large file takes a while; it happens where the last reference goes.
      try? await store.blocking { withExtendedLifetime(temporary) {} }
    }
  }

  private func isStoredIntact(_ digest: SHA256Digest) async throws -> Bool {
    guard let file = try await store.openFile(digest) else { return false }
    return try await store.actualDigest(of: file, expecting: digest).0 == digest
  }

  /// Waits for both, also if one fails: neither may run on after the upload has ended.
  private func finishPrevious() async throws {
    let results = [await hashing?.result, await writing?.result]
    hashing = nil
    writing = nil
    do {
      for result in results { try result?.get() }
    } catch {
      throw FileBlobStore.translate(error)
    }
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
