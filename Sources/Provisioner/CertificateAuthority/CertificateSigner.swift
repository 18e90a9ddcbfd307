package import FoundationEssentials
import Foundations
package import OpenSSL

/// An intermediate and its key.
package struct CertificateSigner: Sendable {
  /// The intermediate, and after it what leads from it to roots of old while those are being replaced.
  package let chain: [X509Certificate]
  /// The intermediate's key, in a file or a PKCS#11 token.
  package let key: P256.PrivateKey
  /// SHA-256 of the intermediate's public key, by which issuers are told apart.
  package let keyHash: [UInt8]
  private let issuer: IssuerCertificate

  /// The intermediate's own certificate.
  package var certificate: X509Certificate { chain[0] }

  /// - Throws: `malformed` if the chain is empty or does not begin with the key's own certificate.
  init(chain: [X509Certificate], key: P256.PrivateKey) throws(CertificateError) {
    guard let first = chain.first, first.isAuthority, first.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo
    else { throw .malformed("the certificate of the key beside it") }
    self.chain = chain
    self.key = key
    issuer = try IssuerCertificate(first)
    do {
      keyHash = try key.publicKey.hash
    } catch {
      throw .library(error)
    }
  }

  /// Seconds by which a certificate begins in the past: clocks of devices may be behind.
  package static let clockTolerance: TimeInterval = 600

  /// Signs a certificate.
  ///
  /// - Parameter lifetime: from now on; less if the intermediate itself ends sooner.
  package func issue(
    to owner: CertificateOwner, _ publicKey: P256.PublicKey, lifetime: Duration, now: Date
  ) throws(CertificateError) -> IssuedCertificate {
    let end = min(now.addingTimeInterval(lifetime / .seconds(1)), certificate.notAfter)
    guard end > now else {
      throw .malformed("an intermediate that can still sign: it has expired; make a new one with ca rotate")
    }
    var template: CertificateTemplate
    do {
      template = try CertificateTemplate(
        commonName: owner.commonName, kind: .leaf(owner.usages), alternativeNames: owner.alternativeNames,
        notBefore: max(now.addingTimeInterval(-Self.clockTolerance), certificate.notBefore), notAfter: end)
    } catch {
      throw .library(error)
    }
    if case .device = owner { template.distributionPoint = RevocationName.of(serialNumber: template.serialNumber) }
    let leaf = try X509Certificate(template, for: publicKey, issuer: issuer, issuerKey: key)
    return IssuedCertificate(owner: owner, certificate: leaf, issuers: chain, issuerKeyHash: keyHash)
  }
}
