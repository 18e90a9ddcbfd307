package import Foundations

/// A version that a server has for this device, as the head of its image says it: on a device with fuses, in words that
/// the director signed. A notification alone never becomes one.
package struct FirmwareOffer: Sendable, Hashable {
  /// From 1.
  package var version: UInt64
  /// Of the wasm.
  package var digest: SHA256Digest
  /// Of the whole image, in bytes.
  package var sizeBytes: UInt64
  /// Where to try first; may be empty.
  package var url: String

  package init(version: UInt64, digest: SHA256Digest, sizeBytes: UInt64, url: String) {
    self.version = version
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.url = url
  }

  /// Whether the other one is the same bytes, wherever they are.
  package func isSameImage(as other: FirmwareOffer) -> Bool {
    version == other.version && digest == other.digest && sizeBytes == other.sizeBytes
  }
}
