import ProvisionerDomain
import Wire

/// What a new device is to trust for ever: a director's key, and the root document of version `rootVersion` with its
/// SHA-256 (`rootDocumentHash`).
struct TrustAnchors: Sendable, Equatable {
  /// The director's key: 32 bytes, Ed25519.
  var directorKey: [UInt8]
  var rootVersion: UInt64
  /// The document as it was signed.
  var rootDocument: [UInt8]
  var rootDocumentHash: [UInt8]
}
