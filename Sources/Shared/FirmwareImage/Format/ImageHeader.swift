package import Foundations

/// The first 544 bytes of an image: the hash of all that follows it, and the configuration.
package struct ImageHeader: Hashable, Sendable {
  /// Length of the encoded header: 544.
  package static let byteCount = SHA256Digest.byteCount + ImageConfiguration.byteCount

  /// SHA-256 of the configuration and the wasm, as stated: only a verifier knows whether it is so.
  package let hash: SHA256Digest
  /// Which device the image is for, and what it is.
  package let configuration: ImageConfiguration

  package init(hash: SHA256Digest, configuration: ImageConfiguration) {
    self.hash = hash
    self.configuration = configuration
  }

  /// Reads the 544 bytes, and checks their form.
  package init(decoding source: some Collection<UInt8>) throws(ImageFormatError) {
    let bytes = Array(source)
    guard bytes.count == Self.byteCount else { throw .headerCutShort(received: UInt64(bytes.count)) }
    hash = SHA256Digest(finished: Array(bytes[..<SHA256Digest.byteCount]))
    configuration = try ImageConfiguration(decoding: bytes[SHA256Digest.byteCount...])
  }

  /// The 544 bytes.
  package func encoded() -> [UInt8] {
    hash.bytes + configuration.encoded()
  }
}
