import FoundationEssentials
package import Foundations
package import OpenSSL

/// The roots that everybody trusts, and the intermediates that sign, as the authority's folder has them.
package struct Authority: Sendable {
  /// The roots, all of which everybody trusts: during a change there are two.
  package let roots: [X509Certificate]
  /// The intermediates: first the one that new certificates are from, then those of old, which still sign their CRLs.
  package let issuers: [CertificateSigner]
  /// Grows with every change of the folder.
  package let generation: Int

  /// The roots in PEM: what goes into everybody's file of roots.
  package var trustRoots: String {
    get throws(CertificateError) { try Self.pem(roots) }
  }

  /// Certificates in PEM, one after the other, as files and answers have them.
  package static func pem(_ certificates: [X509Certificate]) throws(CertificateError) -> String {
    var text = ""
    for certificate in certificates {
      do {
        text += try certificate.pem
      } catch {
        throw .library(error)
      }
    }
    return text
  }
}

/// A `certificate` just made, and the `owner` that it names.
package struct IssuedCertificate: Sendable {
  package let owner: CertificateOwner
  package let certificate: X509Certificate
  /// What its owner presents along with it.
  package let issuers: [X509Certificate]
  /// The SHA-256 of the key of the intermediate that signed it.
  package let issuerKeyHash: [UInt8]

  /// The device that it is for; nil for a service or an operator. Kept, as the compiler can't optimise a look into the
  /// owner where many are asked.
  package let device: DeviceID?

  package init(
    owner: CertificateOwner, certificate: X509Certificate, issuers: [X509Certificate], issuerKeyHash: [UInt8]
  ) {
    self.owner = owner
    self.certificate = certificate
    self.issuers = issuers
    self.issuerKeyHash = issuerKeyHash
    switch owner {
    case .device(let id): device = id
    default: device = nil
    }
  }

  /// What its owner presents, in PEM: the certificate first, then those above it.
  package var chain: String {
    get throws(CertificateError) { try Authority.pem([certificate] + issuers) }
  }
}
