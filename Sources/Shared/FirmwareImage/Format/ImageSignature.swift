import OpenSSL

/// An Ed25519 signature in an image, and the ID of the key that is said to have made it. Holding one says nothing
/// about its validity.
package struct ImageSignature: Hashable, Sendable {
  /// Length of a signature: 64.
  package static let byteCount = Ed25519.signatureByteCount

  /// The key that made it.
  package let keyID: KeyID
  /// The signature's 64 bytes (RFC 8032).
  package let signature: [UInt8]

  /// Takes the bytes of a signature; nil unless there are 64 that are not all zero: zero stands for "unsigned".
  package init?(keyID: KeyID, signature: some Collection<UInt8>) {
    guard signature.count == Self.byteCount, signature.contains(where: { $0 != 0 }) else { return nil }
    self.keyID = keyID
    self.signature = Array(signature)
  }
}

/// Who made a signature: the publisher built the app, the director chose the device for it.
package enum SignatureRole: String, Sendable {
  case publisher
  case director
}
