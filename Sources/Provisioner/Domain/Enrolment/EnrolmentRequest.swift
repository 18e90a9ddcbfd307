/// What a device asks for, as it came.
package struct EnrolmentRequest: Sendable {
  /// The secret of a claim or of one registered device; empty: the device comes with a registered key or a factory's
  /// certificate.
  package var claim: String
  /// The serial number as the device says it; empty with a factory's certificate, which has its own.
  package var serial: String
  /// The request for a certificate, PKCS#10 in DER; empty: the device asks for none.
  package var certificateRequest: [UInt8]
  /// Whether the device asks for a bearer token in the place of a certificate.
  package var isPollingOnly: Bool
  /// Where the device was made, if it comes with that; nil: it comes with a claim or a registered key.
  package var factoryProof: FactoryProof?

  package init(
    claim: String, serial: String, certificateRequest: [UInt8] = [], isPollingOnly: Bool = false,
    factoryProof: FactoryProof? = nil
  ) {
    self.claim = claim
    self.serial = serial
    self.certificateRequest = certificateRequest
    self.isPollingOnly = isPollingOnly
    self.factoryProof = factoryProof
  }
}

/// What a factory gave a device: not an identity, but a way to show where it was made.
package struct FactoryProof: Sendable {
  /// PEM: the device's certificate, and the intermediates above it.
  package var certificates: String
  /// The signature with that certificate's key over the certificate request, with SHA-256.
  package var signature: [UInt8]

  package init(certificates: String, signature: [UInt8]) {
    self.certificates = certificates
    self.signature = signature
  }
}
