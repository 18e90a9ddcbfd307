package import FirmwareImage
package import OpenSSL

/// What whoever uploads an app says of it, beside its bytes. What is left out is taken from a whole image's own header.
package struct AppStatement: Sendable {
  let name: AppLabel?
  let version: AppLabel?
  let securityEpoch: UInt32?
  let publisher: Publisher?

  package init(name: AppLabel?, version: AppLabel?, securityEpoch: UInt32?, publisher: Publisher?) {
    self.name = name
    self.version = version
    self.securityEpoch = securityEpoch
    self.publisher = publisher
  }

  /// A publisher's signature, and the key that made it, as a statement has them.
  package struct Publisher: Sendable {
    let signature: ImageSignature
    let key: Ed25519.PublicKey?

    /// - Parameter key: nil if only the key's ID is known, which does not allow to check the signature here.
    package init(signature: ImageSignature, key: Ed25519.PublicKey?) {
      self.signature = signature
      self.key = key
    }
  }
}
