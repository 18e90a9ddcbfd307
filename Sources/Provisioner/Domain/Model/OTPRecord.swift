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

  package init(
    directorKey: [UInt8], rootVersion: UInt64, rootDocumentHash: [UInt8], isPublisherSignatureRequired: Bool,
    securityEpoch: UInt32
  ) {
    self.directorKey = directorKey
    self.rootVersion = rootVersion
    self.rootDocumentHash = rootDocumentHash
    self.isPublisherSignatureRequired = isPublisherSignatureRequired
    self.securityEpoch = securityEpoch
  }
}

/// All of it, as the device gets it.
package struct OTPAssignment: Sendable, Equatable {
  package var device: DeviceID
  /// SHA-256 of the SubjectPublicKeyInfo in DER; nil for a device without a certificate.
  package var publicKeyHash: [UInt8]?
  package var record: OTPRecord

  package init(device: DeviceID, publicKeyHash: [UInt8]?, record: OTPRecord) {
    self.device = device
    self.publicKeyHash = publicKeyHash
    self.record = record
  }
}
