package import Foundations

/// What a device was told to burn into its fuses, apart from its ID and the hash of its key.
package struct OTPRecord: Sendable, Equatable {
  /// The director's key: 32 bytes, Ed25519.
  package var directorKey: [UInt8]
  /// The version of the root document whose hash is burnt.
  package var rootVersion: UInt64
  /// SHA-256 of the document as it was signed.
  package var rootDocumentHash: [UInt8]
  /// Whether the device runs only what a publisher signed.
  package var isPublisherSignatureRequired: Bool
  /// The lowest epoch of an app that the device may run.
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

/// All that a `device` burns: the `record`, and what is its own.
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
