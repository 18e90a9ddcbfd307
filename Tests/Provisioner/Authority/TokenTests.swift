import Foundation
import Foundations
import OpenSSL
import TestSupport
import Testing

/// Keys in a PKCS#11 token, by SoftHSM. In processes of their own: its library reads its settings once a process.
@Suite(.seated) struct TokenTests {
  private static let module = "/usr/lib/softhsm/libsofthsm2.so"

  private struct Token {
    let folder: TemporaryFolder
    let environment: [String: String]

    init() async throws {
      folder = try TemporaryFolder("xtblish-token")
      environment = ["SOFTHSM2_CONF": folder.path("softhsm2.conf")]
      try FileManager.default.createDirectory(atPath: folder.path("tokens"), withIntermediateDirectories: false)
      try writeFile(folder.path("softhsm2.conf"), "directories.tokendir = \(folder.path("tokens"))\n")
      try await runProgram(
        "softhsm2-util", ["--init-token", "--free", "--label", "xtblish", "--pin", "271828", "--so-pin", "314159"],
        environment: environment)
      for (number, name) in [("01", "root"), ("02", "intermediate")] {
        try await runProgram(
          "pkcs11-tool",
          [
            "--module", TokenTests.module, "--login", "--pin", "271828", "--token-label", "xtblish", "--keypairgen",
            "--key-type", "EC:prime256v1", "--label", name, "--id", number,
          ], environment: environment)
      }
      try writePIN("271828", "pin")
      try writePIN("000000", "wrong-pin")
    }

    private func writePIN(_ pin: String, _ name: String) throws {
      try writeFile(folder.path(name), pin)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path(name))
    }

    func uri(_ name: String) -> String { "pkcs11:token=xtblish;object=\(name)?module-path=\(TokenTests.module)" }

    @discardableResult
    func run(_ arguments: [String]) async throws -> String {
      try await runProgram(product("xtblish-provisioner"), arguments, environment: environment)
    }

    func initialise() async throws {
      try await run([
        "ca", "init", "--directory", folder.path("ca"), "--passphrase-file", folder.path("pin"), "--root-pkcs11-uri",
        uri("root") + "&pin-source=file:" + folder.path("pin"), "--pkcs11-uri", uri("intermediate"),
      ])
    }
  }

  @Test func keysThatStayInATokenSign() async throws {
    let token = try await Token()
    try await token.initialise()
    #expect(!FileManager.default.fileExists(atPath: token.folder.path("ca/intermediate.key")))
    try await token.run([
      "certificate", "issue", "--authority", token.folder.path("ca"), "--passphrase-file", token.folder.path("pin"),
      "--operator", "admin", "--out", token.folder.path("out"),
    ])
    let output = try await runProgram(
      "openssl",
      [
        "verify", "-x509_strict", "-CAfile", token.folder.path("ca/ca.pem"), "-untrusted",
        token.folder.path("out/admin.pem"), token.folder.path("out/admin.pem"),
      ])
    #expect(output.contains("OK"))
    try await token.run([
      "ca", "rotate", "--directory", token.folder.path("ca"), "--passphrase-file", token.folder.path("pin"),
    ])
    #expect(FileManager.default.fileExists(atPath: token.folder.path("ca/intermediate.key")))
  }

  @Test func aWrongPINIsRefused() async throws {
    let token = try await Token()
    try await token.initialise()
    let failure = await #expect(throws: TestFailure.self) {
      try await token.run([
        "ca", "show", "--directory", token.folder.path("ca"), "--passphrase-file", token.folder.path("wrong-pin"),
      ])
    }
    #expect("\(failure as Any)".contains("the PIN does not open it"))
    #expect(!"\(failure as Any)".contains("000000"))
  }
}
