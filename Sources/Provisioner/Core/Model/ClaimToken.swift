import FoundationEssentials
package import OpenSSL

/// The secret of a claim, which devices present to enrol. Only its hash is stored.
package struct ClaimToken: Sendable {
  /// Lets people and programs that search for leaked secrets tell what it is.
  private static let prefix = "xtc_"

  package let text: String

  /// 256 random bits.
  package static func random() throws(OpenSSLError) -> ClaimToken {
    let secret = Data(try randomBytes(count: 32)).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    return ClaimToken(text: prefix + secret)
  }

  /// - Parameter text: whatever a device presented.
  package init(text: String) {
    self.text = text
  }

  /// SHA-256. The token has more entropy than the hash, so it needs neither salt nor slowness.
  package var hash: [UInt8] {
    get throws(OpenSSLError) { try SHA256.digest(of: Array(text.utf8)) }
  }
}

extension ClaimToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Never the secret, wherever it is logged.
  package var description: String { "(claim token)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
