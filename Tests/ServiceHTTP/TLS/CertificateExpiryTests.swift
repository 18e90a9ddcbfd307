import Foundation
import Logging
import ServiceHTTP
import ServiceKit
import TestSupport
import Testing

@Suite(.seated) struct CertificateExpiryTests {
  private func finding(_ files: TLSFiles) async throws -> Readiness.Finding {
    let readiness = Readiness(validity: .zero)
    ExpiryWatch(TLSSettings(files: files).expirySources(isInsecure: false), logger: Logger(label: "test"))
      .register(on: readiness)
    return try #require(await readiness.findings().first)
  }

  @Test func anExpiredCertificateMakesItUnready() async throws {
    let authority = try await TestAuthority()
    let leaf = try await authority.leaf("old", days: -1)
    let finding = try await finding(
      TLSFiles(certificate: leaf.certificateFile, key: leaf.keyFile, roots: authority.caFile))
    #expect(!finding.isReady)
    #expect(finding.detail.contains("tls-certificate \(leaf.certificateFile) ended"))
    #expect(finding.detail.contains("xtblish-provisioner certificate issue"))
  }

  @Test func oneThatEndsSoonIsToldAndReady() async throws {
    let authority = try await TestAuthority()
    let leaf = try await authority.leaf("new", days: 10)
    let finding = try await finding(
      TLSFiles(certificate: leaf.certificateFile, key: leaf.keyFile, roots: authority.caFile))
    #expect(finding.isReady)
    #expect(finding.detail.contains("tls-certificate \(leaf.certificateFile) ends in 9 d"))
    // The authority of the tests is young, and does not live long either.
    #expect(finding.detail.contains("tls-intermediate") && finding.detail.contains("tls-root"))
  }

  @Test func whoDoesWithoutTLSHasNothingThatEnds() {
    #expect(
      TLSSettings(files: TLSFiles(certificate: "a", key: "b", roots: "c")).expirySources(isInsecure: true).isEmpty)
  }
}
