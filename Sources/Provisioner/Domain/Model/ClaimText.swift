import Foundations
package import OpenSSL

/// What an operator hands to devices: a claim's secret, and by which root certificate they know the Provisioner.
///
/// `<secret>.<32 hexadecimal digits>`: the first 16 bytes of SHA-256 of the root in DER. A device that has no roots yet
/// asks for them, and takes only the one of that fingerprint. Without certificates it is the secret alone.
package enum ClaimText {
  static let fingerprintByteCount = 16

  /// The text that an operator is shown.
  package static func text(secret: SecretText, root: [UInt8]?) throws(OpenSSLError) -> String {
    guard let root else { return secret.text }
    return secret.text + "." + Hexadecimal.encode(try SHA256.digest(of: root).prefix(fingerprintByteCount))
  }

  /// The secret of a text that a device presented. The fingerprint is for the device to check, not for us.
  package static func secret(of text: String) -> SecretText {
    SecretText(text: String(text.prefix { $0 != "." }))
  }
}
