import Foundation

@testable import OpenSSL

/// A root, an intermediate and what they sign.
struct CertificateFixture {
  let rootKey: P256.PrivateKey
  let root: X509Certificate
  let key: P256.PrivateKey
  let intermediate: X509Certificate
  /// Whole seconds, as in certificates.
  let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))

  init() throws {
    rootKey = try P256.PrivateKey()
    key = try P256.PrivateKey()
    let begin = now.addingTimeInterval(-3_600)
    let end = now.addingTimeInterval(86_400)
    let rootTemplate = try CertificateTemplate(
      commonName: "root", kind: .authority(pathLength: nil), notBefore: begin, notAfter: end)
    root = try X509Certificate(rootTemplate, for: rootKey.publicKey, issuer: nil, issuerKey: rootKey)
    let template = try CertificateTemplate(
      commonName: "intermediate", kind: .authority(pathLength: 0), notBefore: begin, notAfter: end)
    intermediate = try X509Certificate(template, for: key.publicKey, issuer: root, issuerKey: rootKey)
  }

  func leaf(
    _ usages: Set<CertificateTemplate.Usage> = [.client], names: [AlternativeName] = [], from: TimeInterval = -60,
    to: TimeInterval = 3_600
  ) throws -> X509Certificate {
    let template = try CertificateTemplate(
      commonName: "leaf", kind: .leaf(usages), alternativeNames: names, notBefore: now.addingTimeInterval(from),
      notAfter: now.addingTimeInterval(to))
    return try X509Certificate(
      template, for: P256.PrivateKey().publicKey, issuer: intermediate, issuerKey: key)
  }

  func list(revoking revoked: [X509Certificate] = [], to: TimeInterval = 3_600) throws -> CertificateRevocationList {
    try CertificateRevocationList(
      issuer: intermediate, issuerKey: key, number: 7, thisUpdate: now.addingTimeInterval(-60),
      nextUpdate: now.addingTimeInterval(to),
      entries: revoked.map { .init(serialNumber: $0.serialNumber, date: now) })
  }

  /// Why the leaf is refused; nil if it is not.
  func refusal(
    _ leaf: X509Certificate, usage: CertificateTemplate.Usage? = .client, lists: [CertificateRevocationList]? = nil
  ) -> CertificateRefusal.Reason? {
    do {
      _ = try CertificateVerifier(roots: [root], lists: lists).verify([leaf, intermediate], usage: usage, at: now)
      return nil
    } catch {
      return error.reason
    }
  }
}
