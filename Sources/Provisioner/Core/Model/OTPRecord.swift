package import Foundations

/// What a device was told to burn into its fuses, apart from its ID and the hash of its key.
package struct OTPRecord: Sendable, Equatable {
  /// 32 bytes, Ed25519.
  package var directorKey: [UInt8]
  /// Of the root document whose hash it is.
  package var rootVersion: UInt64
  package var rootDocumentHash: [UInt8]
  package var isPublisherSignatureRequired: Bool
  package var securityEpoch: UInt32
}

/// All of it, as the device gets it.
package struct OTPProgram: Sendable, Equatable {
  package var device: DeviceID
  /// SHA-256 of the SubjectPublicKeyInfo in DER; nil for a device without a certificate.
  package var publicKeyHash: [UInt8]?
  package var record: OTPRecord
}
