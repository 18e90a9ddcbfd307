import Foundation
import TestSupport
import Testing

@testable import OpenSSL

/// What is made here, seen by the `openssl` command.
@Suite(.seated) struct CertificateCommandTests {
  private let fixture: CertificateFixture
  private let folder: TemporaryFolder

  init() throws {
    fixture = try CertificateFixture()
    folder = try TemporaryFolder("xtblish-x509")
    try writeFile(folder.path("root.pem"), fixture.root.pem)
    try writeFile(folder.path("intermediate.pem"), fixture.intermediate.pem)
  }

  @Test func opensslFollowsTheChainByTheStrictRules() async throws {
    try writeFile(folder.path("leaf.pem"), try fixture.leaf([.client, .server]).pem)
    try writeFile(folder.path("crl.pem"), try fixture.list().pem)
    let output = try await runProgram(
      "openssl",
      [
        "verify", "-x509_strict", "-purpose", "sslclient", "-crl_check", "-CRLfile", folder.path("crl.pem"), "-CAfile",
        folder.path("root.pem"), "-untrusted", folder.path("intermediate.pem"), folder.path("leaf.pem"),
      ])
    #expect(output.contains("OK"))
  }

  @Test func opensslSeesARevokedCertificate() async throws {
    let leaf = try fixture.leaf()
    try writeFile(folder.path("leaf.pem"), leaf.pem)
    try writeFile(folder.path("crl.pem"), try fixture.list(revoking: [leaf]).pem)
    let verdict = await #expect(throws: TestFailure.self) {
      try await runProgram(
        "openssl",
        [
          "verify", "-crl_check", "-CRLfile", folder.path("crl.pem"), "-CAfile", folder.path("root.pem"),
          "-untrusted", folder.path("intermediate.pem"), folder.path("leaf.pem"),
        ])
    }
    #expect("\(verdict as Any)".contains("certificate revoked"))
  }

  @Test func opensslReadsNamesAsTheyWereGiven() async throws {
    let leaf = try fixture.leaf(
      [.server], names: [.uri("urn:xtblish:service:broker"), .dns("a,DNS:evil.example"), .ip([127, 0, 0, 1])])
    try writeFile(folder.path("leaf.pem"), leaf.pem)
    let text = try await runProgram("openssl", ["x509", "-in", folder.path("leaf.pem"), "-noout", "-text"])
    #expect(text.contains("URI:urn:xtblish:service:broker"))
    #expect(text.contains("IP Address:127.0.0.1"))
    #expect(leaf.alternativeNames.count == 3)
  }

  @Test func opensslOpensAnEncryptedKey() async throws {
    let key = try P256.PrivateKey()
    try writeFile(
      folder.path("key.pem"), String(decoding: try key.pem(passphrase: Array("secret".utf8)), as: UTF8.self))
    try writeFile(folder.path("pass"), "secret\n")
    let text = try await runProgram(
      "openssl", ["pkey", "-in", folder.path("key.pem"), "-passin", "file:\(folder.path("pass"))", "-pubout"])
    let block = try #require(try PEM.blocks(Array(text.utf8)).first)
    #expect(block.bytes == key.publicKey.subjectPublicKeyInfo)
  }

  @Test func aRequestOfOpensslIsTaken() async throws {
    try await runProgram(
      "openssl",
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
        folder.path("key.pem"), "-subj", "/CN=any", "-outform", "DER", "-out", folder.path("request.der"),
      ])
    let request = try CertificateRequest(der: Array(Data(contentsOf: URL(filePath: folder.path("request.der")))))
    let key = try P256.PrivateKey(pem: Array(try #require(readFile(folder.path("key.pem"))).utf8))
    #expect(request.publicKey == key.publicKey)
  }

  @Test(arguments: [["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["rsa:2048"], ["ed25519"]])
  func aRequestForAnotherKindOfKeyIsRefused(_ kind: [String]) async throws {
    try await runProgram(
      "openssl",
      ["req", "-new", "-newkey"] + kind + [
        "-nodes", "-keyout", folder.path("key.pem"), "-subj", "/CN=any", "-outform", "DER", "-out",
        folder.path("request.der"),
      ])
    let der = Array(try Data(contentsOf: URL(filePath: folder.path("request.der"))))
    #expect(throws: CertificateError.notP256) { try CertificateRequest(der: der) }
  }
}
