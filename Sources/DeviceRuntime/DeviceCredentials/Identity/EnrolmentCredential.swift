import DeviceProtocol
import FoundationEssentials
import Foundations
package import OpenSSL

/// What a device asks for an identity with.
package enum EnrolmentCredential: Sendable {
  /// A claim, or the secret that an operator got for one serial number.
  case claim(EnrolmentClaim)
  /// The device's own key, whose hash is registered along with its serial number.
  case registeredKey
  /// A certificate that the device's maker gave it, PEM with those above it, and the key of that certificate.
  case factory(certificates: [UInt8], key: P256.PrivateKey)

  /// The fingerprint of the root by which the Provisioner can be known; nil: the credential does not say.
  var fingerprint: [UInt8]? {
    if case .claim(let claim) = self { claim.fingerprint } else { nil }
  }
}

/// The body of `POST /v1/enroll`.
struct EnrolmentRequestBody: Encodable {
  private typealias CodingKeys = EnrolmentRequestMember

  var claim: String?
  var serial: String?
  /// PKCS#10, DER in Base64; nil: the device wants no certificate.
  var certificateRequest: String?
  var factoryCertificate: String?
  /// The signature over the certificate request with the key of the maker's certificate, in Base64.
  var factorySignature: String?

  init(
    _ credential: EnrolmentCredential, serial: String?, request: CertificateRequest?
  ) throws(OpenSSLError) {
    self.serial = serial
    certificateRequest = request.map { Data($0.der).base64EncodedString() }
    switch credential {
    case .claim(let text): claim = text.text
    case .registeredKey: break
    case .factory(let certificates, let key):
      factoryCertificate = String(decoding: certificates, as: UTF8.self)
      if let request { factorySignature = Data(try key.signature(for: request.der)).base64EncodedString() }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encodeIfPresent(claim, forKey: .claim)
    try members.encodeIfPresent(serial, forKey: .serial)
    try members.encodeIfPresent(certificateRequest, forKey: .certificateRequest)
    try members.encodeIfPresent(factoryCertificate, forKey: .factoryCertificate)
    try members.encodeIfPresent(factorySignature, forKey: .factorySignature)
  }
}
