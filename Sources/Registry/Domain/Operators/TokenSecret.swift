import FoundationEssentials
package import OpenSSL

/// The text of a token, which clients present. Only its hash is stored.
package struct TokenSecret: Sendable {
  /// Lets people and programs that search for leaked secrets tell what it is.
  private static let prefix = "xtb_"

  package let text: String

  /// 256 random bits.
  package static func random() throws(OpenSSLError) -> TokenSecret {
    let secret = Data(try randomBytes(count: 32)).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    return TokenSecret(text: prefix + secret)
  }

  /// SHA-256. The token has more entropy than the hash, so it needs neither salt nor slowness.
  package var hash: [UInt8] {
    get throws(OpenSSLError) { try SHA256.digest(of: Array(text.utf8)) }
  }
}

extension TokenSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Never the secret, wherever it is logged.
  package var description: String { "(API token)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
