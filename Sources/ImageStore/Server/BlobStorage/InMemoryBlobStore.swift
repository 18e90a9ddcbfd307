import FirmwareImage
package import Foundations
import NIOCore
import OpenSSL
import Synchronization

/// A store that lives as long as the process, for tests of what stands on a store.
package final class InMemoryBlobStore: BlobStore {
  private struct Stored {
    var content: ByteBuffer
    var status: BlobStatus
    /// Whose upload may still take it away.
    var owner: ObjectIdentifier?
  }

  private let blobs = Mutex<[SHA256Digest: Stored]>([:])
  /// How many bytes fit.
  private let capacityBytes: Int

  package init(capacityBytes: Int = .max) {
    self.capacityBytes = capacityBytes
  }

  /// Collects the bytes in memory.
  package func beginUpload() async throws -> any BlobUpload {
    InMemoryBlobUpload(store: self)
  }

  /// Hashes the bytes each time, as they can be damaged by a test.
  package func open(_ digest: SHA256Digest) async throws -> (any Blob)? {
    guard let content = content(of: digest) else { return nil }
    let actual = try SHA256Digest.of(content.readableBytesView)
    guard actual == digest else { throw BlobStoreError.corrupted(digest, actual: actual) }
    return InMemoryBlob(digest: digest, content: content)
  }

  /// Looks the blob up in memory; the time of storing is always 0.
  package func stat(_ digest: SHA256Digest) async throws -> BlobStatus? {
    blobs.withLock { $0[digest]?.status }
  }

  /// Sorts all blobs for each page.
  package func list(after cursor: SHA256Digest?, limit: Int) async throws -> [BlobStatus] {
    let all = blobs.withLock { $0.values.map(\.status) }
    return Array(
      all.filter { blob in cursor.map { blob.digest > $0 } ?? true }.sorted { $0.digest < $1.digest }.prefix(limit))
  }

  /// Hashes the bytes, as `open` does.
  package func check(_ digest: SHA256Digest) async throws -> BlobCheck? {
    guard let content = content(of: digest) else { return nil }
    return BlobCheck(
      actual: try SHA256Digest.of(content.readableBytesView), lengthBytes: UInt64(content.readableBytes))
  }

  /// Damages a blob as a failing disk would.
  func replaceContent(of digest: SHA256Digest, with content: ByteBuffer) {
    blobs.withLock { $0[digest]?.content = content }
  }

  private func content(of digest: SHA256Digest) -> ByteBuffer? {
    blobs.withLock { $0[digest]?.content }
  }

  fileprivate func add(
    _ content: ByteBuffer, _ digest: SHA256Digest, by upload: InMemoryBlobUpload
  ) throws -> Bool {
    try blobs.withLock { blobs in
      if blobs[digest]?.content == content {
        // Now there are two who brought it.
        blobs[digest]?.owner = nil
        return false
      }
      let used = blobs.values.reduce(0) { $0 + $1.content.readableBytes }
      guard used + content.readableBytes <= capacityBytes else {
        throw BlobStoreError.full("\(capacityBytes) bytes are all there is")
      }
      blobs[digest] = Stored(
        content: content,
        status: BlobStatus(
          digest: digest, lengthBytes: UInt64(content.readableBytes), storedAtSeconds: 0, storedAtNanoseconds: 0),
        owner: ObjectIdentifier(upload))
      return true
    }
  }

  fileprivate func settle(_ digest: SHA256Digest, by upload: InMemoryBlobUpload, isKept: Bool) {
    blobs.withLock { blobs in
      guard blobs[digest]?.owner == ObjectIdentifier(upload) else { return }
      if isKept { blobs[digest]?.owner = nil } else { blobs[digest] = nil }
    }
  }
}

private actor InMemoryBlobUpload: BlobUpload {
  private let store: InMemoryBlobStore
  private var content = ByteBuffer()
  private var placed: SHA256Digest?

  init(store: InMemoryBlobStore) {
    self.store = store
  }

  func write(_ pieces: [ByteBuffer]) {
    for piece in pieces { content.writeImmutableBuffer(piece) }
  }

  func openForReading() -> CInt? { nil }

  func finish() throws -> WrittenBytes {
    WrittenBytes(
      digest: try SHA256Digest.of(content.readableBytesView), lengthBytes: UInt64(content.readableBytes))
  }

  func place(expecting expected: SHA256Digest?) throws -> CommittedBlob {
    let digest = try finish().digest
    if let expected, digest != expected { throw BlobStoreError.digestMismatch(expected: expected, actual: digest) }
    let isNew = try store.add(content, digest, by: self)
    placed = digest
    return CommittedBlob(digest: digest, lengthBytes: UInt64(content.readableBytes), isNew: isNew)
  }

  func settle(keeping isKept: Bool) {
    if let digest = placed.take() { store.settle(digest, by: self, isKept: isKept) }
  }

  func abandon() {
    content = ByteBuffer()
  }
}

private struct InMemoryBlob: Blob {
  let digest: SHA256Digest
  let content: ByteBuffer

  var lengthBytes: UInt64 { UInt64(content.readableBytes) }

  func read(
    at offset: UInt64, count: Int, after prefix: [UInt8], into buffer: ReusedBuffer
  ) async throws -> ByteBuffer {
    let start = Int(clamping: min(offset, lengthBytes))
    let length = min(count, content.readableBytes - start)
    return buffer.refill { buffer in
      buffer.writeBytes(prefix)
      buffer.writeBytes(content.readableBytesView.dropFirst(start).prefix(length))
    }
  }

  func digest(prefixedBy prefix: [UInt8]) async throws -> SHA256Digest {
    var hash = try SHA256()
    hash.update(prefix)
    hash.update(content.readableBytesView)
    return SHA256Digest(finished: hash.finalize())
  }

  /// Does nothing: the blob is a copy of its own.
  func confirmUnchanged() async throws {}
}
