import FirmwareImage
import OpenSSL

/// What whoever uploads an app says of it, beside its bytes. What is left out is taken from a whole image's own header.
struct AppStatement: Sendable {
  var name: AppLabel?
  var version: AppLabel?
  var securityEpoch: UInt32?
  var publisher: Publisher?

  /// A publisher as a statement names it.
  struct Publisher: Sendable {
    let signature: ImageSignature
    /// Nil if only the key's ID is known, which does not allow to check the signature here.
    let key: Ed25519.PublicKey?
  }
}
