import OpenSSL

/// A signature in an image, and which key made it. Holding one says nothing about its validity.
package struct ImageSignature: Hashable, Sendable {
  package static let byteCount = Ed25519.signatureByteCount

  package let keyID: KeyID
  /// 64 bytes.
  package let signature: [UInt8]

  /// Nil unless the signature has 64 bytes that are not all zero: zero stands for "unsigned".
  package init?(keyID: KeyID, signature: some Collection<UInt8>) {
    guard signature.count == Self.byteCount, signature.contains(where: { $0 != 0 }) else { return nil }
    self.keyID = keyID
    self.signature = Array(signature)
  }
}

/// Whose signature: of whoever built the app, or of who chose the device for it.
package enum SignatureRole: String, Sendable {
  case publisher
  case director
}
