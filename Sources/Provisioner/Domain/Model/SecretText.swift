import FoundationEssentials
package import OpenSSL

/// A secret that is shown once and presented by devices later. Only its hash is stored.
package struct SecretText: Sendable, Equatable {
  /// Lets people and programs that search for leaked secrets tell what it is.
  package enum Kind: String, Sendable, CaseIterable {
    case claim = "xtc_"
    /// The secret of one device that is registered beforehand.
    case device = "xts_"
    /// The bearer token of a device that only polls.
    case polling = "xtp_"
  }

  /// What the device presents. Never logged.
  package let text: String

  /// A new secret of 256 random bits.
  package static func random(_ kind: Kind) throws(OpenSSLError) -> SecretText {
    let secret = Data(try randomBytes(count: 32)).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    return SecretText(text: kind.rawValue + secret)
  }

  /// A secret that came from outside.
  ///
  /// - Parameter text: whatever a device presented.
  package init(text: String) {
    self.text = text
  }

  /// SHA-256. The secret has more entropy than the hash, so it needs neither salt nor slowness.
  package var hash: [UInt8] {
    get throws(OpenSSLError) { try SHA256.digest(of: Array(text.utf8)) }
  }
}

extension SecretText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// What logs get in the place of the secret.
  package var description: String { "(secret)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
