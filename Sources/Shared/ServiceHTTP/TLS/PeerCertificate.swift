import Glibc
import NIOSSL
import OpenSSL

/// A client's certificate whose chain was verified, as far as it matters here.
struct PeerCertificate: Sendable {
  let identity: PeerIdentity
  let reference: CertificateReference
  /// The last second in which it is good, since 1970.
  let lastSecond: Int

  /// - Throws: `RefusedPeer` for a certificate that is good, but none of a device, a service or an operator.
  init(_ certificate: NIOSSLCertificate) throws {
    // The names are the one thing that tells what a certificate is for: two of them would let its owner choose.
    let names = certificate._subjectAlternativeNames()
      .filter { $0.nameType == .uri }
      .map { String(decoding: $0.contents, as: UTF8.self) }
      .filter { $0.hasPrefix(PeerIdentity.scheme) }
    guard names.count == 1, let identity = PeerIdentity(uri: names[0]) else { throw RefusedPeer.nameless }
    self.identity = identity
    reference = try CertificateReference(certificate: certificate.toDERBytes())
    lastSecond = Int(certificate.notValidAfter)
  }

  var isExpired: Bool { time(nil) > lastSecond }
}

/// Why a client with a certificate of the right authority is not let in.
enum RefusedPeer: String, Error {
  case nameless = "certificate-without-identity"
  /// It was good when the session began that is resumed.
  case expired = "certificate-expired"
  case revoked = "certificate-revoked"
}
