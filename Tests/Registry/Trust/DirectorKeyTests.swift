import DeviceProtocol
import FirmwareImage
import Foundation
import Foundations
import OpenSSL
import PostgreSQL
import RootDocument
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct DirectorKeyTests {
  @Test func theFirstStartMakesOneKeyForItsOwnerAlone() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    try await trust.store.ensureDirectorKey()
    let keys = try await trust.store.directorKeys()
    #expect(keys.map(\.state) == [.active])
    let path = "\(trust.folder.path("keys"))/\(keys[0].key.id).key"
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(
      try FileManager.default.attributesOfItem(atPath: trust.folder.path("keys"))[.posixPermissions] as? Int == 0o700)
    #expect(try TrustedKey(SigningKeyFile.readPrivate(path).publicKey()) == keys[0].key)
  }

  @Test func replicasThatStartAtOnceMakeOneKey() async throws {
    let trust = try await TrustFixture.make()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        let keyring = DirectorKeyring(directory: trust.folder.path("keys"))
        let replica = try trust.fixture.replica(signing: .director(keyring, requiresRootDocument: true))
        group.addTask { try await replica.ensureDirectorKey() }
      }
      try await group.waitForAll()
    }
    #expect(try await trust.store.directorKeys().count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: trust.folder.path("keys")).count == 1)
    // Each of them can sign with it.
    try await trust.store.checkDirectorKeys()
  }

  /// As in a Secret, which all replicas have and none can write.
  @Test func aKeyThatWaitsInTheFolderIsTheFirst() async throws {
    let trust = try await TrustFixture.make()
    let waiting = try putKey(into: trust.folder.path("keys"))
    try await trust.store.ensureDirectorKey()
    #expect(try await trust.store.directorKeys().map(\.key) == [waiting])
    try await trust.store.checkDirectorKeys()
    #expect(try FileManager.default.contentsOfDirectory(atPath: trust.folder.path("keys")).count == 1)
  }

  @Test func aKeyThatWaitsInTheFolderIsTheNext() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    let waiting = try putKey(into: trust.folder.path("keys"))
    #expect(try await trust.store.createNextDirectorKey(by: .anonymous).key == waiting)
    #expect(try FileManager.default.contentsOfDirectory(atPath: trust.folder.path("keys")).count == 2)
  }

  /// What a power cut leaves of a key that was being made keeps nobody from making another.
  @Test func halfAKeyInTheFolderIsNoKey() async throws {
    let trust = try await TrustFixture.make()
    let folder = trust.folder.path("keys")
    let half = try putKey(into: folder)
    let path = "\(folder)/\(half.id).key"
    try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: 20)
    try await trust.store.ensureDirectorKey()
    let keys = try await trust.store.directorKeys()
    #expect(keys.count == 1)
    #expect(keys.first?.key != half)
  }

  @Test func aWaitingKeyThatOthersMayReadIsRefused() async throws {
    let trust = try await TrustFixture.make()
    let waiting = try putKey(into: trust.folder.path("keys"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o644], ofItemAtPath: "\(trust.folder.path("keys"))/\(waiting.id).key")
    let failure = await #expect(throws: RequestFailure.self) { try await trust.store.ensureDirectorKey() }
    #expect(failure?.message.contains("chmod 600") == true)
    #expect(try await trust.store.directorKeys().isEmpty)
  }

  private func putKey(into folder: String) throws -> TrustedKey {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let (key, trusted) = try SigningKeyFile.make()
    try SigningKeyFile.save(key, to: "\(folder)/\(trusted.id).key")
    return trusted
  }

  @Test func aReplicaWithoutTheKeySaysWhatItLacks() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    try await trust.publish()
    let elsewhere = DirectorKeyring(directory: trust.folder.path("elsewhere"))
    let replica = try trust.fixture.replica(signing: .director(elsewhere, requiresRootDocument: true))
    let device = try await trust.fixture.device()
    let id = try #require(try await trust.key(.active)).id
    let attempts: [@Sendable () async throws -> Void] = [
      { try await replica.checkDirectorKeys() },
      { _ = try await replica.assign(.sample(), to: device, idempotencyKey: "k") },
    ]
    for attempt in attempts {
      let failure = await #expect(throws: RequestFailure.self) { try await attempt() }
      #expect(failure?.reason == "director-key-missing")
      #expect(failure?.message.contains("\(id)") == true)
    }
    // Nothing is assigned by halves.
    #expect(try await trust.store.outboxPending() == 0)
  }

  @Test func aKeyThatOthersMayReadIsRefused() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    let id = try #require(try await trust.key(.active)).id
    let path = "\(trust.folder.path("keys"))/\(id).key"
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    let keyring = DirectorKeyring(directory: trust.folder.path("keys"))
    let replica = try trust.fixture.replica(signing: .director(keyring, requiresRootDocument: true))
    let failure = await #expect(throws: RequestFailure.self) { try await replica.checkDirectorKeys() }
    #expect(failure?.message.contains("chmod 600") == true)
  }

  /// Somebody else's key under the right name.
  @Test func aKeyFileWithAnotherKeyIsRefused() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    let id = try #require(try await trust.key(.active)).id
    let folder = trust.folder.path("other")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    try SigningKeyFile.create("\(folder)/\(id).key")
    let replica = try trust.fixture.replica(
      signing: .director(DirectorKeyring(directory: folder), requiresRootDocument: true))
    await #expect(throws: RequestFailure.self) { try await replica.checkDirectorKeys() }
  }

  @Test func assignmentsAreSignedByTheDirector() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    try await trust.publish()
    let device = try await trust.fixture.device()
    let director = try #require(try await trust.key(.active))
    let assignment = try await trust.store.assign(.sample(), to: device, idempotencyKey: "k")
    let configuration = try ImageConfiguration(decoding: assignment.configuration)
    try configuration.verifyDirector(trusting: [director.publicKey])
    #expect(try await trust.store.firmware(of: device, version: 1).configuration == assignment.configuration)
    // A repeat answers the same signature.
    let repeated = try await trust.store.assign(.sample(), to: device, idempotencyKey: "k")
    #expect(repeated.configuration == assignment.configuration)
  }

  @Test func anImageThatIsTriedAgainIsSignedToo() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    try await trust.publish()
    let device = try await trust.fixture.device()
    let image = try PublishedApp.sample()
    _ = try await trust.store.assign(image, to: device, idempotencyKey: "k")
    let failed = ReportedState.running(nil, .refused, failed: image.reference(1))
    _ = try await trust.store.record([.state(device, 1, failed)])
    #expect(try await trust.store.retryFirmware(of: device) == 2)
    let director = try #require(try await trust.key(.active))
    let configuration = try ImageConfiguration(
      decoding: try await trust.store.firmware(of: device, version: 2).configuration)
    try configuration.verifyDirector(trusting: [director.publicKey])
  }

  @Test func withoutAGoodRootDocumentNothingIsAssigned() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    let device = try await trust.fixture.device()
    let none = await #expect(throws: RequestFailure.self) {
      try await trust.store.assign(.sample(), to: device, idempotencyKey: "k")
    }
    #expect(none?.reason == "no-root-document")
    #expect(none?.message.contains("root init") == true)
    try await trust.publish()
    try await trust.fixture.pool.query("update registry.root_documents set expires_at = now() - interval '1 second'")
    let expired = await #expect(throws: RequestFailure.self) {
      try await trust.store.assign(.sample(), to: device, idempotencyKey: "k")
    }
    #expect(expired?.reason == "root-document-expired")
    #expect(try await trust.store.outboxPending() == 0)
  }

  /// Deployments never stop: each is signed by a key that the document of its moment names.
  @Test func keysAreExchangedWhileDeploymentsGoOn() async throws {
    let trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
    var latest = try await trust.publish()
    let device = try await trust.fixture.device()
    let replica = try trust.fixture.replica(
      signing: .director(DirectorKeyring(directory: trust.folder.path("keys")), requiresRootDocument: true))
    let first = try #require(try await trust.key(.active))

    let deploying = Task {
      var signers: [KeyID] = []
      for number in 1...200 {
        let store = number.isMultiple(of: 2) ? trust.store : replica
        let assignment = try await store.assign(.sample(number), to: device, idempotencyKey: "key \(number)")
        let manifest = try ImageConfiguration(decoding: assignment.configuration).manifest
        signers.append(try #require(manifest?.director?.keyID))
      }
      return signers
    }
    try await eventually { try await trust.store.outboxPending() >= 20 }
    let next = try await trust.store.createNextDirectorKey(by: .anonymous)
    #expect(try await trust.store.createNextDirectorKey(by: .anonymous) == next)
    #expect(try await trust.key(.active) == first)
    // Both are named, so that devices take what either signed.
    latest = try await trust.publish(version: 2)
    #expect(latest.document.directors.contains(first))
    #expect(latest.document.directors.contains(next.key))
    #expect(try await trust.key(.active) == next.key)
    #expect(try await trust.key(.retired) == first)
    let signers = try await deploying.value
    #expect(Set(signers) == [first.id, next.key.id])
    // Once exchanged, the old one signs no more.
    let turn = try #require(signers.firstIndex(of: next.key.id))
    #expect(!signers[(turn + 1)...].contains(first.id))
    for version in UInt64(1)...200 {
      let firmware = try await trust.store.firmware(of: device, version: version)
      try ImageConfiguration(decoding: firmware.configuration)
        .verifyDirector(trusting: latest.document.directors.map(\.publicKey))
    }
  }
}
