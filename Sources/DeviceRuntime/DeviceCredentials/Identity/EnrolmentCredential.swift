internal import FoundationEssentials
internal import Foundations
package import OpenSSL

/// By what a device may ask for an identity.
package enum EnrolmentCredential: Sendable {
  /// A claim, or the secret that an operator got for one serial.
  case claim(EnrolmentClaim)
  /// Its serial and the hash of its key are registered.
  case registeredKey
  /// A certificate that its maker gave it, PEM with those above it, and the key of that.
  case factory(certificates: [UInt8], key: P256.PrivateKey)

  /// By which root the Provisioner can be known, if the credential says.
  var fingerprint: [UInt8]? {
    if case .claim(let claim) = self { claim.fingerprint } else { nil }
  }
}

/// The body of `POST /v1/enroll`.
struct EnrolmentRequestBody: Encodable {
  var claim: String?
  var serial: String?
  /// PKCS#10, DER in Base64; nil of a device that wants to be plain.
  var certificateRequest: String?
  var factoryCertificate: String?
  /// Base64; of the request for a certificate, by the key of the maker's certificate.
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
}
