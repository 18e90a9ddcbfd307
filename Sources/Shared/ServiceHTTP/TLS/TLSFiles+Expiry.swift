import Foundation
import OpenSSL
package import ServiceKit

extension TLSSettings {
  /// What an ``ExpiryWatch`` has to look at for TLS.
  ///
  /// - Parameter isInsecure: whether the process was told to do without TLS.
  package func expirySources(isInsecure: Bool) -> [ExpirySource] {
    isInsecure ? [] : files.map { [$0.expirySource] } ?? []
  }
}

extension TLSFiles {
  /// Tells when the service's certificate, an intermediate above it, or the last of the roots ends.
  package var expirySource: ExpirySource {
    ExpirySource {
      let chain = try Self.certificates(self.certificate)
      let roots = try Self.certificates(self.roots)
      var found = chain.enumerated().map { place, certificate in
        Expiry(
          kind: place == 0 ? "tls-certificate" : "tls-intermediate", name: self.certificate, end: certificate.notAfter,
          remedy: "issue another with xtblish-provisioner certificate issue, into the same files")
      }
      // While one root is replaced by another there are both.
      if let last = roots.map(\.notAfter).max() {
        found.append(
          Expiry(
            kind: "tls-root", name: self.roots, end: last,
            remedy: "rotate the authority with xtblish-provisioner ca rotate, and give everybody the new roots"))
      }
      return found
    }
  }

  private static func certificates(_ path: String) throws -> [X509Certificate] {
    try X509Certificate.all(pem: Array(Data(contentsOf: URL(filePath: path))))
  }
}
