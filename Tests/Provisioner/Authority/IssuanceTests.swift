import Foundation
import Foundations
import OpenSSL
import TestSupport
import Testing

@testable import CertificateAuthority

@Suite(.seated) struct IssuanceTests {
  @Test func aDevicesCertificateNamesIt() throws {
    let fixture = try AuthorityFixture()
    let authority = try fixture.directory.load()
    let device = DeviceID.random()
    let issued = try authority.issuers[0].issue(
      to: .device(device), P256.PrivateKey().publicKey, lifetime: .seconds(60), now: Date())
    #expect(issued.certificate.commonName == device.description)
    #expect(issued.certificate.uris == ["urn:xtblish:device:\(device)"])
    let chain = [issued.certificate] + issued.issuers
    #expect(AuthorityFixture.refusal(of: chain, roots: authority.roots, usage: .client) == nil)
    #expect(AuthorityFixture.refusal(of: chain, roots: authority.roots, usage: .server) == .wrongUsage)
  }

  @Test func aCertificateEndsWithItsIssuer() throws {
    let folder = try TemporaryFolder("xtblish-authority")
    var options = AuthorityDirectory.Options()
    options.intermediateLifetime = .seconds(60)
    let authority = try AuthorityDirectory(folder.path("ca")).initialise(options)
    let issued = try authority.issuers[0].issue(
      to: .operator("admin"), P256.PrivateKey().publicKey, lifetime: .seconds(3_600), now: Date())
    #expect(issued.certificate.notAfter == authority.issuers[0].certificate.notAfter)
    #expect(throws: CertificateError.self) {
      try authority.issuers[0].issue(
        to: .operator("admin"), P256.PrivateKey().publicKey, lifetime: .seconds(3_600),
        now: Date().addingTimeInterval(120))
    }
  }

  @Test func aServicesFilesAreTakenByOpenssl() async throws {
    let fixture = try AuthorityFixture()
    let files = LeafFiles(signer: try fixture.directory.load().issuers[0], folder: fixture.folder.path("out"))
    let hosts = [try #require(CertificateHost(dns: "localhost")), try #require(CertificateHost(ip: "::1"))]
    let owner = CertificateOwner.service(name: "broker-1", role: .broker, hosts: hosts)
    _ = try files.make("broker-1", for: owner, lifetime: .seconds(3_600))
    let output = try await runProgram(
      "openssl",
      [
        "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile",
        fixture.folder.path("ca/ca.pem"), "-untrusted", fixture.folder.path("out/broker-1.pem"),
        fixture.folder.path("out/broker-1.pem"),
      ])
    #expect(output.contains("OK"))
    #expect(files.isGood("broker-1", for: owner, remaining: .seconds(1_800)))
    #expect(!files.isGood("broker-1", for: owner, remaining: .seconds(7_200)))
    #expect(!files.isGood("broker-1", for: .service(name: "broker-1", role: .broker, hosts: []), remaining: .zero))
  }

  @Test(arguments: ["", "-a", "A", "a b", "a/b", "ä", String(repeating: "a", count: 49)])
  func whatIsNoNameIsRefused(_ name: String) {
    #expect(!CertificateOwner.isName(name))
  }

  @Test(arguments: ["", "a..b", "a b", "a,DNS:b", "ä.example", "*", "a.*"])
  func whatIsNoHostIsRefused(_ name: String) {
    #expect(CertificateHost(dns: name) == nil)
    #expect(CertificateHost(ip: name) == nil)
  }
}
