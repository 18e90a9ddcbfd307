package import Foundations
package import NIOCore

/// Bytes by their SHA-256. Nothing can be changed in it, only added.
///
/// Any number of processes may share what is behind it.
package protocol BlobStore: Sendable {
  /// Starts taking bytes whose digest is not known yet.
  func beginUpload() async throws -> any BlobUpload

  /// The blob, or nil if it is not stored. Its bytes were checked against the digest; one that does
  /// not match throws ``BlobStoreError/corrupted(_:actual:)``.
  func open(_ digest: SHA256Digest) async throws -> (any Blob)?

  /// What is known without reading it, or nil if it is not stored.
  func stat(_ digest: SHA256Digest) async throws -> BlobStatus?

  /// Blobs by digest, from the first after `cursor`.
  func list(after cursor: SHA256Digest?, limit: Int) async throws -> [BlobStatus]

  /// Reads all of a blob again, whatever is remembered of it; nil if it is not stored.
  func check(_ digest: SHA256Digest) async throws -> BlobCheck?
}

/// Bytes on their way into a store. One task uses it, one call after the other.
package protocol BlobUpload: Sendable {
  /// Takes further bytes. Returns before they are written, but holds no more than three calls' bytes.
  func write(_ pieces: [ByteBuffer]) async throws

  /// A descriptor of all bytes so far, from their beginning, which the caller closes; nil if this store has none.
  func openForReading() async throws -> CInt?

  /// Ends the writing and says what was written; nothing is stored under its digest yet.
  func finish() async throws -> WrittenBytes

  /// Stores what was written, finished or not; once it returns, the blob outlives a power failure. Until `settle`, others
  /// who bring the same bytes don't rely on it.
  /// - Parameter expected: what the digest must be; another throws
  ///   ``BlobStoreError/digestMismatch(expected:actual:)`` and nothing is stored.
  func place(expecting expected: SHA256Digest?) async throws -> CommittedBlob

  /// Ends the upload after `place`.
  /// - Parameter isKept: false takes the blob away again, if this upload brought it and nobody else did meanwhile.
  func settle(keeping isKept: Bool) async

  /// Ends the upload and leaves nothing behind. Does nothing after `place`.
  func abandon() async
}

extension BlobUpload {
  /// Stores what was written, for good.
  package func commit(expecting expected: SHA256Digest?) async throws -> CommittedBlob {
    let blob = try await place(expecting: expected)
    await settle(keeping: true)
    return blob
  }
}

/// A stored blob that was found to be what its digest says.
package protocol Blob: Sendable {
  var digest: SHA256Digest { get }
  var lengthBytes: UInt64 { get }

  /// Some bytes of the caller's, then those from `offset`, at most `count` and fewer only at the end.
  func read(at offset: UInt64, count: Int, after prefix: [UInt8], into buffer: ReusedBuffer) async throws -> ByteBuffer

  /// SHA-256 of these bytes and then all of the blob's.
  func digest(prefixedBy prefix: [UInt8]) async throws -> SHA256Digest

  /// Throws if the blob is no longer the one that was verified when it was opened.
  func confirmUnchanged() async throws
}

extension Blob {
  /// The bytes from `offset`, at most `count` and fewer only at the end.
  package func read(at offset: UInt64, count: Int) async throws -> ByteBuffer {
    try await read(at: offset, count: count, after: [], into: ReusedBuffer())
  }
}

package struct BlobStatus: Equatable, Sendable {
  package var digest: SHA256Digest
  package var lengthBytes: UInt64
  /// Seconds and nanoseconds since 1970.
  package var storedAtSeconds: Int64
  package var storedAtNanoseconds: Int32

  package init(digest: SHA256Digest, lengthBytes: UInt64, storedAtSeconds: Int64, storedAtNanoseconds: Int32) {
    self.digest = digest
    self.lengthBytes = lengthBytes
    self.storedAtSeconds = storedAtSeconds
    self.storedAtNanoseconds = storedAtNanoseconds
  }
}

/// What an upload brought, before it is stored.
package struct WrittenBytes: Equatable, Sendable {
  package var digest: SHA256Digest
  package var lengthBytes: UInt64
}

package struct CommittedBlob: Equatable, Sendable {
  package var digest: SHA256Digest
  package var lengthBytes: UInt64
  /// False if the store had it already.
  package var isNew: Bool

  package init(digest: SHA256Digest, lengthBytes: UInt64, isNew: Bool) {
    self.digest = digest
    self.lengthBytes = lengthBytes
    self.isNew = isNew
  }
}

package struct BlobCheck: Equatable, Sendable {
  package var actual: SHA256Digest
  package var lengthBytes: UInt64

  package init(actual: SHA256Digest, lengthBytes: UInt64) {
    self.actual = actual
    self.lengthBytes = lengthBytes
  }
}
