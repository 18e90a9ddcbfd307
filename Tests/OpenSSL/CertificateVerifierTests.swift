import Foundation
import TestSupport
import Testing

@testable import OpenSSL

@Suite(.seated) struct CertificateVerifierTests {
  private let fixture: CertificateFixture

  init() throws {
    fixture = try CertificateFixture()
  }

  @Test func aChainToARootIsTrusted() throws {
    #expect(fixture.refusal(try fixture.leaf()) == nil)
  }

  @Test func anExpiredCertificateIsRefused() throws {
    #expect(fixture.refusal(try fixture.leaf(from: -120, to: -1)) == .expired)
  }

  @Test func aCertificateOfTheFutureIsRefused() throws {
    #expect(fixture.refusal(try fixture.leaf(from: 60)) == .notYetValid)
  }

  @Test func aClientsCertificateIsNoServers() throws {
    #expect(fixture.refusal(try fixture.leaf([.client]), usage: .server) == .wrongUsage)
  }

  @Test func aServersCertificateIsNoClients() throws {
    #expect(fixture.refusal(try fixture.leaf([.server]), usage: .client) == .wrongUsage)
  }

  @Test func aSelfSignedCertificateIsRefused() throws {
    let key = try P256.PrivateKey()
    let template = try CertificateTemplate(
      commonName: "leaf", kind: .leaf([.client]), notBefore: fixture.now.addingTimeInterval(-60),
      notAfter: fixture.now.addingTimeInterval(60))
    let certificate = try X509Certificate(template, for: key.publicKey, issuer: nil, issuerKey: key)
    #expect(fixture.refusal(certificate) == .selfSigned)
  }

  @Test func aCertificateOfAnotherAuthorityIsRefused() throws {
    let other = try CertificateFixture()
    let leaf = try other.leaf()
    #expect(throws: CertificateRefusal.self) {
      try CertificateVerifier(roots: [fixture.root]).verify(
        [leaf, other.intermediate], usage: .client, at: fixture.now)
    }
    #expect(fixture.refusal(leaf) != nil)
  }

  @Test func anIntermediateIsARootOnlyWhereThatIsAskedFor() throws {
    let leaf = try fixture.leaf()
    #expect(throws: CertificateRefusal.self) {
      try CertificateVerifier(roots: [fixture.intermediate]).verify([leaf], usage: .client, at: fixture.now)
    }
    let verifier = CertificateVerifier(roots: [fixture.intermediate], acceptsIntermediates: true)
    #expect(throws: Never.self) { try verifier.verify([leaf], usage: .client, at: fixture.now) }
    let stranger = try CertificateFixture().leaf()
    #expect(throws: CertificateRefusal.self) { try verifier.verify([stranger], usage: .client, at: fixture.now) }
  }

  @Test func aLeafCanIssueNothing() throws {
    let key = try P256.PrivateKey()
    let template = try CertificateTemplate(
      commonName: "leaf", kind: .leaf([.client]), notBefore: fixture.now.addingTimeInterval(-60),
      notAfter: fixture.now.addingTimeInterval(60))
    let leaf = try X509Certificate(
      template, for: key.publicKey, issuer: fixture.intermediate, issuerKey: fixture.key)
    let below = try X509Certificate(template, for: P256.PrivateKey().publicKey, issuer: leaf, issuerKey: key)
    let verifier = CertificateVerifier(roots: [fixture.root])
    #expect(throws: CertificateRefusal.self) {
      try verifier.verify([below, leaf, fixture.intermediate], usage: .client, at: fixture.now)
    }
  }

  @Test func anIntermediateCanMakeNoFurtherOne() throws {
    let key = try P256.PrivateKey()
    let template = try CertificateTemplate(
      commonName: "below", kind: .authority(pathLength: nil), notBefore: fixture.now.addingTimeInterval(-60),
      notAfter: fixture.now.addingTimeInterval(60))
    let below = try X509Certificate(
      template, for: key.publicKey, issuer: fixture.intermediate, issuerKey: fixture.key)
    let leafTemplate = try CertificateTemplate(
      commonName: "leaf", kind: .leaf([.client]), notBefore: fixture.now.addingTimeInterval(-60),
      notAfter: fixture.now.addingTimeInterval(60))
    let leaf = try X509Certificate(leafTemplate, for: P256.PrivateKey().publicKey, issuer: below, issuerKey: key)
    let refusal = #expect(throws: CertificateRefusal.self) {
      try CertificateVerifier(roots: [fixture.root]).verify(
        [leaf, below, fixture.intermediate], usage: .client, at: fixture.now)
    }
    #expect(refusal?.reason == .wrongUsage)
  }

  @Test func aRevokedCertificateIsRefused() throws {
    let (good, bad) = (try fixture.leaf(), try fixture.leaf())
    let lists = [try fixture.list(revoking: [bad])]
    #expect(fixture.refusal(bad, lists: lists) == .revoked)
    #expect(fixture.refusal(good, lists: lists) == nil)
  }

  @Test func withoutItsIssuersListALeafIsRefused() throws {
    #expect(fixture.refusal(try fixture.leaf(), lists: []) == .revocationUnknown)
  }

  @Test func anExpiredListIsAsGoodAsNone() throws {
    #expect(fixture.refusal(try fixture.leaf(), lists: [try fixture.list(to: -1)]) == .revocationUnknown)
  }

  @Test func aListThatAnotherKeySignedDoesNotCount() throws {
    let forged = try CertificateRevocationList(
      issuer: fixture.intermediate, issuerKey: P256.PrivateKey(), number: 8, thisUpdate: fixture.now,
      nextUpdate: fixture.now.addingTimeInterval(60), entries: [])
    #expect(try !forged.isSigned(by: fixture.intermediate))
    #expect(fixture.refusal(try fixture.leaf(), lists: [forged]) == .revocationUnknown)
  }

  @Test func aChangedCertificateIsRefused() throws {
    let leaf = try fixture.leaf(names: [.uri("urn:xtblish:device:a")])
    var der = leaf.der
    let name = Array("urn:xtblish:device:a".utf8)
    let position = try #require(der.indices.first { der[$0...].starts(with: name) })
    der[position + name.count - 1] = UInt8(ascii: "b")
    let forged = try X509Certificate(der: der)
    #expect(forged.uris == ["urn:xtblish:device:b"])
    #expect(fixture.refusal(forged) == .badSignature)
  }
}
