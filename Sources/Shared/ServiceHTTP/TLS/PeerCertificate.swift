import FoundationEssentials
import NIOSSL
import OpenSSL

/// A client's certificate whose chain was verified, as far as it matters here.
struct PeerCertificate: Sendable {
  let identity: PeerIdentity
  let reference: CertificateReference
  /// SHA-256 of its SubjectPublicKeyInfo.
  let publicKeyHash: [UInt8]
  private let notAfter: Date

  /// - Throws: `RefusedPeer` for a certificate that is good, but none of a device, a service or an operator.
  init(_ certificate: NIOSSLCertificate) throws {
    let certificate = try X509Certificate(der: certificate.toDERBytes())
    // The names are the one thing that tells what a certificate is for: two of them would let its owner choose.
    let names = certificate.uris.filter { $0.hasPrefix(PeerIdentity.scheme) }
    guard names.count == 1, let identity = PeerIdentity(uri: names[0]), let issuer = certificate.issuerCommonName else {
      throw RefusedPeer.nameless
    }
    self.identity = identity
    reference = CertificateReference(issuer: issuer, serialNumber: certificate.serialNumber)
    publicKeyHash = try SHA256.digest(of: certificate.subjectPublicKeyInfo)
    notAfter = certificate.notAfter
  }

  var isExpired: Bool { Date() > notAfter }
}

/// What tells one certificate from all others: who issued it, and the number that it has there.
struct CertificateReference: Hashable, Sendable {
  /// The issuer's common name, which holds a part of the hash of the issuer's key.
  let issuer: String
  let serialNumber: [UInt8]
}

/// Why a client with a certificate of the right authority is not let in.
enum RefusedPeer: String, Error {
  case nameless = "certificate-without-identity"
  /// It was good when the session began that is resumed.
  case expired = "certificate-expired"
  case revoked = "certificate-revoked"
}
