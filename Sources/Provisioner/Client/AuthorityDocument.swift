package import CertificateAuthority
package import FoundationEssentials
import Foundations
import OpenSSL
import ServiceKit
import TextFormats

/// An authority's `certificates`, roots first, as `ca show` and HTTP show them.
package struct AuthorityDocument: Encodable, Sendable {
  /// One of the authority's certificates: `name` is its common name, `notAfter` its end.
  package struct Certificate: Encodable, Sendable {
    package var name: String
    /// `root`; `intermediate` for the one that signs now; `previous` for those before it.
    package var kind: String
    package var notAfter: Date
    /// SHA-256 of the DER, in hexadecimal digits.
    package var fingerprint: String
  }

  /// Grows with every change of the authority's folder.
  package var generation: Int
  package var certificates: [Certificate]

  package init(_ authority: Authority) throws {
    generation = authority.generation
    certificates = try authority.roots.map { try Certificate(of: $0, kind: "root") }
    for (index, issuer) in authority.issuers.enumerated() {
      certificates.append(try Certificate(of: issuer.certificate, kind: index == 0 ? "intermediate" : "previous"))
    }
  }

  /// A table for people, a line for each certificate. Its name is whole: `ca retire` takes the digits at the end of it.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func text(columns: Int? = nil) -> String {
    var table = Table([("KIND", .always), ("NAME", .always), ("EXPIRES", .always), ("SHA-256", .cut)])
    for certificate in certificates {
      let end = JSONCoding.text(of: certificate.notAfter)
      table.add([
        certificate.kind, certificate.name, columns == nil ? end : String(end.prefix { $0 != "T" }),
        certificate.fingerprint,
      ])
    }
    return table.text(columns: columns)
  }
}

extension AuthorityDocument.Certificate {
  init(of certificate: X509Certificate, kind: String) throws {
    self.init(
      name: certificate.commonName ?? "", kind: kind, notAfter: certificate.notAfter,
      fingerprint: Hexadecimal.encode(try certificate.fingerprint))
  }
}
