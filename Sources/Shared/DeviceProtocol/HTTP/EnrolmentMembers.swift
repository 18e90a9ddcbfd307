/// Members of the body of `POST /v1/enroll`.
package enum EnrolmentRequestMember: String, CodingKey, CaseIterable, Sendable {
  /// Text: the claim, or the secret of a registered device.
  case claim
  /// Text: the serial number of the board.
  case serial
  /// PKCS#10 in DER, in base64.
  case certificateRequest
  /// Whether the device wants a token for polling in the place of a certificate.
  case pollingOnly
  /// PEM: the maker's certificate of the board, and those above it.
  case factoryCertificate
  /// In base64: the signature of the certificate request by the key of the factory certificate.
  case factorySignature
}

/// Members of the answer to `POST /v1/enroll`.
package enum EnrolmentAnswerMember: String, CodingKey, CaseIterable, Sendable {
  case deviceID
  case name
  /// Where the broker is: an object of ``BrokerAddressMember``s.
  case mqtt
  case imageStoreURLs
  case provisionerURLs
  /// How often the device is to say what it runs.
  case heartbeatSeconds
  /// PEM, the device's own first.
  case certificateChain
  /// PEM.
  case trustRoots
  /// The root document, in base64.
  case rootDocument
  /// What the fuses are to hold: an object of ``FuseMember``s.
  case otp
  case pollingToken
}

/// Members that say where the broker is.
package enum BrokerAddressMember: String, CodingKey, CaseIterable, Sendable {
  case host
  case port
}

/// Members that say what fuses are to hold.
package enum FuseMember: String, CodingKey, CaseIterable, Sendable {
  case deviceID
  /// 32 bytes in hexadecimal digits; so are the next two.
  case publicKeyHash
  case directorKey
  case rootDocumentHash
  case publisherSignatureRequired
  case securityEpoch
}

/// Members of the body of `POST /v1/renew`.
package enum RenewalRequestMember: String, CodingKey, CaseIterable, Sendable {
  /// PKCS#10 in DER, in base64, by the key of the present certificate.
  case certificateRequest
}

/// Members of the answer to `POST /v1/renew`.
package enum RenewalAnswerMember: String, CodingKey, CaseIterable, Sendable {
  /// PEM, the device's own first.
  case certificateChain
  /// PEM.
  case trustRoots
  case notAfter
}

/// Members of the answer to `POST /v1/otp`.
package enum FuseAnswerMember: String, CodingKey, CaseIterable, Sendable {
  case agrees
  /// A line for each member that is not as recorded.
  case differences
}
