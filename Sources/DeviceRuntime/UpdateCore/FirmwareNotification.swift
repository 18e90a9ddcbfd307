package import Foundations

/// The news that a version waits for this device, as announced on `/firmware/{id}/{version}`. Nobody signs it: it is a
/// hint where to look, and nothing is decided or remembered by it.
package struct FirmwareNotification: Sendable, Hashable {
  /// The version that waits, from 1.
  package var version: UInt64
  /// The SHA-256 of the wasm.
  package var digest: SHA256Digest
  /// The size of the whole image.
  package var sizeBytes: UInt64
  /// The URL to try first; may be empty.
  package var url: String

  package init(version: UInt64, digest: SHA256Digest, sizeBytes: UInt64, url: String) {
    self.version = version
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.url = url
  }
}
