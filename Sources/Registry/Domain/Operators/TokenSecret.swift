import FoundationEssentials
package import OpenSSL

/// The secret of a token, whose `text` clients present. Only its hash is stored.
package struct TokenSecret: Sendable {
  /// Lets people and programs that search for leaked secrets tell what it is.
  private static let prefix = "xtb_"

  package let text: String

  /// A new secret of 256 random bits.
  package static func random() throws(OpenSSLError) -> TokenSecret {
    let secret = Data(try randomBytes(count: 32)).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    return TokenSecret(text: prefix + secret)
  }

  /// The SHA-256 of the text, by which the token is found. The secret is random, so it needs neither salt nor
  /// slowness.
  package var hash: [UInt8] {
    get throws(OpenSSLError) { try SHA256.digest(of: Array(text.utf8)) }
  }
}

extension TokenSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// What is shown wherever a secret gets into a log.
  package var description: String { "(API token)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
