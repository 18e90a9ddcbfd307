import FirmwareImage
import Foundation
import OpenSSL
import TestSupport
import Testing

@Suite(.seated) struct SigningKeyFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder("signing-keys") }

  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test func aKeyIsMadeForItsOwnerAloneAndReadAgain() throws {
    let path = "\(folder.path)/publisher.key"
    let made = try SigningKeyFile.create(path)
    #expect(try mode(path) == 0o600)
    #expect(try SigningKeyFile.readPublic(path + ".pub") == made)
    #expect(try TrustedKey(SigningKeyFile.readPrivate(path).publicKey()) == made)
    #expect(throws: SigningKeyError.exists(path)) { try SigningKeyFile.create(path) }
  }

  @Test(arguments: [0o640, 0o604, 0o660, 0o666, 0o620])
  func aKeyThatOthersMayUseIsRefused(permissions: Int) throws {
    let path = "\(folder.path)/open.key"
    try SigningKeyFile.create(path)
    try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
    #expect(throws: SigningKeyError.openToOthers(path)) { try SigningKeyFile.readPrivate(path) }
  }

  @Test func whatIsNotAKeyIsRefusedWithoutShowingIt() throws {
    let path = "\(folder.path)/not.key"
    for text in ["", "secret words", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
      try Data(text.utf8).write(to: URL(filePath: path))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      let error = #expect(throws: SigningKeyError.notAKey(path, "PRIVATE KEY")) {
        try SigningKeyFile.readPrivate(path)
      }
      #expect(error?.description.contains("secret words") == false)
    }
    #expect(throws: SigningKeyError.failed("open", "\(folder.path)/none", ENOENT)) {
      try SigningKeyFile.readPublic("\(folder.path)/none")
    }
    #expect(throws: SigningKeyError.notAKey(folder.path, "PUBLIC KEY")) { try SigningKeyFile.readPublic(folder.path) }
  }

  /// OpenSSL's own program reads and writes the same files.
  @Test func theFilesAreThoseOfOpenSSL() async throws {
    let (ours, theirs) = ("\(folder.path)/ours.key", "\(folder.path)/theirs.key")
    let made = try SigningKeyFile.create(ours)
    let shown = try ChildProcess("openssl", ["pkey", "-in", ours, "-pubout"])
    #expect(try await shown.waitForExit() == .exited(0), "\(shown.output)")
    #expect(shown.output == (try String(contentsOfFile: ours + ".pub", encoding: .utf8)))
    let generated = try ChildProcess("openssl", ["genpkey", "-algorithm", "ed25519", "-out", theirs])
    #expect(try await generated.waitForExit() == .exited(0))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: theirs)
    #expect(try TrustedKey(SigningKeyFile.readPrivate(theirs).publicKey()) != made)
  }
}
