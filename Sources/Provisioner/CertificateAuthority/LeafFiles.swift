package import FoundationEssentials
import Glibc
import OpenSSL

/// Certificates for services and operators, as files beside each other: `NAME.pem`, the chain, and `NAME.key`.
package struct LeafFiles: Sendable {
  private let signer: CertificateSigner
  private let folder: String

  package init(signer: CertificateSigner, folder: String) {
    self.signer = signer
    self.folder = folder
  }

  /// Makes a new key and its certificate.
  ///
  /// - Parameter name: of the files, without their endings.
  package func make(
    _ name: String, for owner: CertificateOwner, lifetime: Duration, now: Date = Date()
  ) throws(AuthorityError) -> IssuedCertificate {
    let issued: IssuedCertificate
    let key: P256.PrivateKey
    do {
      key = try P256.PrivateKey()
      issued = try signer.issue(to: owner, key.publicKey, lifetime: lifetime, now: now)
    } catch {
      throw AuthorityError("the certificate \(name) can't be made: \(error)")
    }
    try AuthorityFile.makeFolder(folder, mode: 0o755)
    // Whoever reads both in between finds that they do not belong together, and looks again.
    try AuthorityDirectory.write(key, nil, to: "\(folder)/\(name).key")
    do {
      try AuthorityFile.write(try issued.chain, to: "\(folder)/\(name).pem")
    } catch let error as AuthorityError {
      throw error
    } catch {
      throw AuthorityError("\(error)")
    }
    return issued
  }

  /// Whether there is a certificate in the files that is good for that long yet, under this authority.
  package func isGood(_ name: String, for owner: CertificateOwner, remaining: Duration, now: Date = Date()) -> Bool {
    guard AuthorityFile.exists("\(folder)/\(name).key"),
      let bytes = try? AuthorityFile.read("\(folder)/\(name).pem"),
      let chain = try? X509Certificate.all(pem: bytes), let leaf = chain.first
    else { return false }
    let moment = now.addingTimeInterval(remaining / .seconds(1))
    return leaf.notAfter > moment && Set(leaf.alternativeNames) == Set(owner.alternativeNames)
      && chain.dropFirst().first == signer.certificate
  }
}
