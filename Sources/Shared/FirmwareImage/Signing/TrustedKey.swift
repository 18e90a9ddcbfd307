package import OpenSSL

/// An Ed25519 `publicKey` with which signatures are checked, and its `id`. Trusted is what a list of them is: the key
/// itself proves nothing.
package struct TrustedKey: Hashable, Sendable {
  package let id: KeyID
  package let publicKey: Ed25519.PublicKey

  package init(_ publicKey: Ed25519.PublicKey) throws(ImageFormatError) {
    id = try KeyID(of: publicKey)
    self.publicKey = publicKey
  }

  /// - Parameter bytes: the 32 bytes of RFC 8032.
  package init(bytes: some Collection<UInt8>) throws(ImageFormatError) {
    let key: Ed25519.PublicKey
    do throws(OpenSSLError) {
      key = try Ed25519.PublicKey(rawRepresentation: Array(bytes))
    } catch { throw .cryptography(error) }
    try self.init(key)
  }

  /// The key's 32 bytes (RFC 8032, section 5.1.5).
  package var bytes: [UInt8] { publicKey.rawRepresentation }

  package static func == (left: TrustedKey, right: TrustedKey) -> Bool { left.bytes == right.bytes }

  package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension TrustedKey: CustomStringConvertible {
  package var description: String { id.description }
}
