package import Foundations
package import NIOCore

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
  func commit(expecting expected: SHA256Digest?) async throws -> CommittedBlob {
    let blob = try await place(expecting: expected)
    await settle(keeping: true)
    return blob
  }
}

/// What an upload brought, before it is stored: `lengthBytes` bytes with that `digest`.
package struct WrittenBytes: Equatable, Sendable {
  package var digest: SHA256Digest
  package var lengthBytes: UInt64
}

/// What an upload stored: `lengthBytes` bytes with that `digest`.
package struct CommittedBlob: Equatable, Sendable {
  package var digest: SHA256Digest
  package var lengthBytes: UInt64
  /// Whether the store did not have it yet.
  package var isNew: Bool

  package init(digest: SHA256Digest, lengthBytes: UInt64, isNew: Bool) {
    self.digest = digest
    self.lengthBytes = lengthBytes
    self.isNew = isNew
  }
}
