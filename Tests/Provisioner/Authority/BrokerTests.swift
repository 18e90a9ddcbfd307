import Foundation
import Foundations
import OpenSSL
import TestSupport
import Testing

@testable import CertificateAuthority

/// How mosquitto takes roots and CRLs from a folder.
@Suite(.seated) struct BrokerTests {
  /// A broker that asks for certificates, beside one without TLS that only `MosquittoServer` itself uses.
  private struct Stand {
    let fixture: AuthorityFixture
    let folder: RevocationDirectory
    let broker: MosquittoServer
    let port: FreePort

    init() async throws {
      fixture = try AuthorityFixture()
      let authority = try fixture.directory.load()
      folder = RevocationDirectory(fixture.folder.path("crl"))
      try folder.begin(roots: authority.roots, issuers: authority.issuers)
      let host = try #require(CertificateHost(ip: "127.0.0.1"))
      _ = try LeafFiles(signer: authority.issuers[0], folder: fixture.folder.path("out")).make(
        "broker-1", for: .service(name: "broker-1", role: .broker, hosts: [host]), lifetime: .seconds(3_600))
      port = try FreePort()
      broker = try await MosquittoServer(
        configuration: """
          listener \(port.number) 127.0.0.1
          cafile \(fixture.folder.path("crl/ca.pem"))
          capath \(fixture.folder.path("crl"))
          crlfile \(fixture.folder.path("crl/ca.crl.pem"))
          certfile \(fixture.folder.path("out/broker-1.pem"))
          keyfile \(fixture.folder.path("out/broker-1.key"))
          require_certificate true
          use_identity_as_username true
          """)
    }

    func makeClient(_ name: String) throws -> X509Certificate {
      let files = LeafFiles(signer: try fixture.directory.load().issuers[0], folder: fixture.folder.path("out"))
      return try files.make(name, for: .operator(name), lifetime: .seconds(3_600)).certificate
    }

    private func arguments(_ name: String) -> [String] {
      [
        "-h", "127.0.0.1", "-p", "\(port.number)", "--cafile", fixture.folder.path("ca/ca.pem"), "--cert",
        fixture.folder.path("out/\(name).pem"), "--key", fixture.folder.path("out/\(name).key"), "-t", "t",
      ]
    }

    func isLetIn(_ name: String) async -> Bool {
      (try? await runProgram("mosquitto_pub", arguments(name) + ["-q", "1", "-m", "hello"])) != nil
    }

    func listen(_ name: String) throws -> ChildProcess {
      try ChildProcess("mosquitto_sub", arguments(name) + ["-q", "1", "-i", "listener-\(name)"])
    }

    func publish(number: Int64, revoking: [X509Certificate]) throws {
      let authority = try fixture.directory.load()
      let lists = try authority.issuers.map { issuer in
        try CertificateRevocationList(
          issuer: issuer.certificate, issuerKey: issuer.key, number: number,
          thisUpdate: Date().addingTimeInterval(-300 + Double(number)), nextUpdate: Date().addingTimeInterval(3_600),
          entries: revoking.map { .init(serialNumber: $0.serialNumber, date: Date()) })
      }
      try folder.write(roots: authority.roots, lists: lists)
    }
  }

  @Test func aNewListIsInForceAtTheNextConnectionAndEndsNoSession() async throws {
    let stand = try await Stand()
    let certificates = try ["one", "two", "three"].map { try stand.makeClient($0) }
    let session = try stand.listen("three")
    try await eventually { stand.broker.log.contains("Sending SUBACK to listener-three") }
    for (index, name) in ["one", "two"].enumerated() {
      #expect(await stand.isLetIn(name))
      try stand.publish(number: Int64(index + 1), revoking: Array(certificates[...index]))
      #expect(await !stand.isLetIn(name))
    }
    #expect(await stand.isLetIn("three"))
    #expect(session.isRunning)
    #expect(!stand.broker.log.contains("Client listener-three"))
  }

  @Test func aRestartedBrokerKnowsWhoWasRevoked() async throws {
    let stand = try await Stand()
    let certificate = try stand.makeClient("one")
    _ = try stand.makeClient("two")
    for number in 1...5 { try stand.publish(number: Int64(number), revoking: number == 5 ? [certificate] : []) }
    try await stand.broker.restart()
    #expect(await !stand.isLetIn("one"))
    #expect(await stand.isLetIn("two"))
  }

  @Test func aRotatedRootIsTakenUpWithoutASignal() async throws {
    let stand = try await Stand()
    _ = try stand.makeClient("old")
    #expect(await stand.isLetIn("old"))
    _ = try stand.fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    try stand.publish(number: 1, revoking: [])
    _ = try stand.makeClient("new")
    #expect(await stand.isLetIn("new"))
    #expect(await stand.isLetIn("old"))
  }

  @Test func aRootThatWasRetiredIsThereNoMoreAndTheCRLsStay() throws {
    let (fixture, other) = (try AuthorityFixture(), try AuthorityFixture())
    let path = fixture.folder.path("crl")
    let folder = RevocationDirectory(path)
    let (authority, old) = (try fixture.directory.load(), try other.directory.load().roots[0])
    try folder.begin(roots: authority.roots + [old], issuers: authority.issuers)
    let before = Set(try FileManager.default.contentsOfDirectory(atPath: path))
    try folder.write(roots: authority.roots, lists: [])
    let after = Set(try FileManager.default.contentsOfDirectory(atPath: path))
    let (gone, kept) = (try old.subjectHash, try authority.roots[0].subjectHash)
    #expect(before.subtracting(after) == ["\(gone).0"])
    #expect(after.contains("\(kept).0"))
    #expect(after.contains { $0.hasSuffix(".r0") })
  }

  @Test func aSameListIsWrittenOnce() throws {
    let fixture = try AuthorityFixture()
    let folder = RevocationDirectory(fixture.folder.path("crl"))
    let authority = try fixture.directory.load()
    let list = try CertificateRevocationList(
      issuer: authority.issuers[0].certificate, issuerKey: authority.issuers[0].key, number: 1, thisUpdate: Date(),
      nextUpdate: Date().addingTimeInterval(60), entries: [])
    for _ in 0..<3 { try folder.write(roots: authority.roots, lists: [list]) }
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path("crl"))
    #expect(names.filter { $0.contains(".r") }.count == 1)
  }
}
