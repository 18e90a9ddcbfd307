import Foundation
import OpenSSL
import ProvisionerClient
import TestSupport
import Testing

@testable import CertificateAuthority

@Suite(.seated) struct AuthorityDirectoryTests {
  @Test func keysAreForTheirOwnerAlone() throws {
    let fixture = try AuthorityFixture()
    for name in ["root.key", "intermediate.key"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: fixture.folder.path("ca/\(name)"))
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func aSecondInitialisationIsRefusedAndChangesNothing() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    #expect(throws: AuthorityError.self) { try fixture.directory.initialise(AuthorityDirectory.Options()) }
    #expect(try fixture.directory.load().roots == before.roots)
  }

  @Test func ofManyThatInitialiseAtOnceOneDoes() async throws {
    let folder = try TemporaryFolder("xtblish-authority")
    let directory = AuthorityDirectory(folder.path("ca"))
    let made = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          await allowingBlockingCalls { (try? directory.initialise(AuthorityDirectory.Options())) != nil }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(made == 1)
    #expect(try directory.load().roots.count == 1)
  }

  @Test func anInitialisationThatWasKilledIsBegunAnew() throws {
    let fixture = try AuthorityFixture()
    // The last file that it writes.
    try FileManager.default.removeItem(atPath: fixture.folder.path("ca/ca.pem"))
    #expect(throws: AuthorityError.self) { try fixture.directory.load() }
    _ = try fixture.directory.initialise(AuthorityDirectory.Options())
    #expect(try fixture.directory.load().issuers.count == 1)
  }

  /// `ca retire` takes the digits at the end of a name.
  @Test func aTerminalShowsWholeNames() throws {
    let fixture = try AuthorityFixture()
    let document = try AuthorityDocument(
      fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true))
    let lines = document.text(columns: 80).split(separator: "\n")
    #expect(lines.count == 1 + document.certificates.count)
    for (line, certificate) in zip(lines.dropFirst(), document.certificates) {
      #expect(line.contains(certificate.name) && line.count <= 80)
    }
  }

  @Test(arguments: [0o640, 0o604, 0o666])
  func aKeyThatOthersCanReadIsRefused(_ mode: Int) throws {
    let fixture = try AuthorityFixture()
    let path = fixture.folder.path("ca/intermediate.key")
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    let error = #expect(throws: AuthorityError.self) { try fixture.directory.load() }
    #expect(error?.description.contains("chmod 600") == true)
    #expect(error?.description.contains(path) == true)
  }

  @Test func aFIFOInAKeysPlaceIsRefusedAtOnce() throws {
    let fixture = try AuthorityFixture()
    let path = fixture.folder.path("ca/intermediate.key")
    try FileManager.default.removeItem(atPath: path)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: AuthorityError.self) { try fixture.directory.load() }
  }

  @Test func encryptedKeysOpenWithTheirPassphraseAlone() throws {
    let folder = try TemporaryFolder("xtblish-authority")
    func passphrase(_ text: String) throws -> String {
      let path = folder.path(text)
      try writeFile(path, "\(text)\n")
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      return path
    }
    let right = AuthorityDirectory(folder.path("ca"), passphraseFile: try passphrase("right"))
    _ = try right.initialise(AuthorityDirectory.Options())
    #expect(try right.load().issuers.count == 1)
    let missing = #expect(throws: AuthorityError.self) { _ = try AuthorityDirectory(folder.path("ca")).load() }
    #expect(missing?.description.contains("--passphrase-file") == true)
    let wrong = AuthorityDirectory(folder.path("ca"), passphraseFile: try passphrase("wrong"))
    let error = #expect(throws: AuthorityError.self) { try wrong.load() }
    #expect(error?.description.contains("passphrase") == true)
    #expect(error?.description.contains("wrong") == false)
  }

  @Test func theServiceNeedsNotTheRootsKey() throws {
    let fixture = try AuthorityFixture()
    try FileManager.default.removeItem(atPath: fixture.folder.path("ca/root.key"))
    #expect(try fixture.directory.load().issuers.count == 1)
    #expect(throws: AuthorityError.self) {
      try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: false)
    }
  }

  @Test func aKeyOfAnotherCertificateIsRefused() throws {
    let (fixture, other) = (try AuthorityFixture(), try AuthorityFixture())
    let path = fixture.folder.path("ca/intermediate.key")
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: other.folder.path("ca/intermediate.key"), toPath: path)
    #expect(throws: AuthorityError.self) { try fixture.directory.load() }
  }

  @Test func servicesHaveAnIssuerOfTheirOwnWhichTheServiceDoesWithout() async throws {
    let fixture = try AuthorityFixture()
    let (devices, services) = (
      try fixture.directory.load().issuers[0], try fixture.directory.loadServicesSigner()
    )
    #expect(services.certificate != devices.certificate)
    let files = LeafFiles(signer: services, folder: fixture.folder.path("out"))
    let owner = CertificateOwner.service(name: "broker", role: .broker, hosts: [])
    let issued = try files.make("broker", for: owner, lifetime: .seconds(60))
    #expect(issued.issuers.first == services.certificate)
    let renewed = try fixture.directory.rotateServices(AuthorityDirectory.Options())
    #expect(renewed.certificate != services.certificate)
    try FileManager.default.removeItem(atPath: fixture.folder.path("ca/services.key"))
    #expect(try fixture.directory.load().issuers[0].certificate == devices.certificate)
  }
}
