package import Foundations

/// A version that a server has for this device, as the head of its image says it: on a device with fuses, in words that
/// the director signed. A notification alone never becomes one.
package struct FirmwareOffer: Sendable, Hashable {
  /// The version on offer, from 1.
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

  /// Whether the other offer is of the same bytes, wherever they are.
  package func isSameImage(as other: FirmwareOffer) -> Bool {
    version == other.version && digest == other.digest && sizeBytes == other.sizeBytes
  }
}
