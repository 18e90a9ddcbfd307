package import Foundations

/// What is known of a stored blob without reading it: the `digest` that it is stored under, and its length in bytes
/// (`lengthBytes`).
package struct BlobStatus: Equatable, Sendable {
  package var digest: SHA256Digest
  package var lengthBytes: UInt64
  /// When it was stored: whole seconds since 1970.
  package var storedAtSeconds: Int64
  /// The nanoseconds of that second.
  package var storedAtNanoseconds: Int32

  package init(digest: SHA256Digest, lengthBytes: UInt64, storedAtSeconds: Int64, storedAtNanoseconds: Int32) {
    self.digest = digest
    self.lengthBytes = lengthBytes
    self.storedAtSeconds = storedAtSeconds
    self.storedAtNanoseconds = storedAtNanoseconds
  }
}

/// What reading all of a blob found: it is intact if the digest is its own. `lengthBytes` is how much was read.
package struct BlobCheck: Equatable, Sendable {
  /// The digest of what is stored.
  package var actual: SHA256Digest
  package var lengthBytes: UInt64

  package init(actual: SHA256Digest, lengthBytes: UInt64) {
    self.actual = actual
    self.lengthBytes = lengthBytes
  }
}
