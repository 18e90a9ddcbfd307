package import Foundations

/// Keeps bytes by their SHA-256. Nothing in it can be changed, only added.
///
/// Any number of processes may share what is behind it.
package protocol BlobStore: Sendable {
  /// Starts taking bytes whose digest is not known yet.
  func beginUpload() async throws -> any BlobUpload

  /// The blob, or nil if it is not stored. Its bytes were checked against the digest; one that does
  /// not match throws ``BlobStoreError/corrupted(_:actual:)``.
  func open(_ digest: SHA256Digest) async throws -> (any Blob)?

  /// What is known of a blob without reading it, or nil if it is not stored.
  func stat(_ digest: SHA256Digest) async throws -> BlobStatus?

  /// Blobs by digest, from the first after `cursor`.
  func list(after cursor: SHA256Digest?, limit: Int) async throws -> [BlobStatus]

  /// Reads all of a blob again, whatever is remembered of it; nil if it is not stored.
  func check(_ digest: SHA256Digest) async throws -> BlobCheck?
}
