import FirmwareImage
import Foundations
import OpenSSL
import PostgreSQL
import RegistryStorage
import RootDocument
import TestSupport
import Testing
import Wire

@testable import RegistryClient
@testable import RegistryDomain

@Suite(.seated) struct RootPublicationTests {
  private let trust: TrustFixture

  init() async throws {
    trust = try await TrustFixture.make()
    try await trust.store.ensureDirectorKey()
  }

  private func refusal(_ bytes: [UInt8]) async throws -> String? {
    do {
      _ = try await trust.store.publishRootDocument(bytes, by: .anonymous)
      return nil
    } catch let failure as RequestFailure { return failure.reason }
  }

  @Test func theChainIsKeptAndAnswered() async throws {
    #expect(try await refusal([]) == "root-document-malformed")
    let first = try await trust.publish()
    let second = try await trust.publish(version: 2)
    #expect(try await trust.store.rootDocument(1) == first)
    #expect(try await trust.store.rootDocument(nil) == second)
    let unknown = await #expect(throws: RequestFailure.self) { try await trust.store.rootDocument(3) }
    #expect(unknown?.code == .notFound)
    // A repeat of the newest changes nothing.
    #expect(try await trust.store.publishRootDocument(second.encoded, by: .anonymous) == second)
    #expect(try await trust.store.rootDocument(nil).document.version == 2)
  }

  @Test func onlyTheNextAndWellSignedIsTaken() async throws {
    #expect(try await refusal(trust.sign(trust.document(version: 2))) == "root-document-version-skipped")
    try await trust.publish()
    let next = try await trust.document(version: 2)
    #expect(try await refusal(trust.sign(trust.document(version: 3))) == "root-document-version-skipped")
    #expect(
      try await refusal(trust.sign(trust.document(expires: .now + 7200))) == "root-document-rolled-back")
    let half = try SignedRootDocument(unsigned: next).signed(by: trust.rootKeys[0])
    #expect(try await refusal(half.encoded) == "root-document-below-threshold")
    let expired = try await trust.document(version: 2, expires: .now + -1)
    #expect(try await refusal(trust.sign(expired)) == "root-document-expired")
    #expect(try await trust.store.rootDocument(nil).document.version == 1)
  }

  /// With such a document, every deployment would be refused by every device.
  @Test func aDocumentWithoutTheDirectorIsRefused() async throws {
    let stranger = try TrustedKey(Ed25519.PrivateKey().publicKey())
    let document = try await trust.document(directors: [stranger])
    #expect(try await refusal(trust.sign(document)) == "root-document-lacks-director")
    try await trust.publish()
    let later = try await trust.document(version: 2, directors: [stranger])
    #expect(try await refusal(trust.sign(later)) == "root-document-lacks-director")
  }

  /// A database that is new, or older than the document, knows another key.
  @Test func aKeyOfTheDocumentThatOnlyTheFolderHasSignsAgain() async throws {
    let document = try await trust.sign(trust.document())
    let original = try #require(try await trust.key(.active))
    let other = try await trust.store.createNextDirectorKey(by: .anonymous).key
    try await trust.fixture.pool.execute("delete from registry.director_keys where state = 'active'")
    try await trust.fixture.pool.execute("update registry.director_keys set state = 'active'")
    #expect(try await refusal(document) == nil)
    #expect(try await trust.key(.active) == original)
    #expect(try await trust.key(.retired) == other)
    try await trust.store.checkDirectorKeys()
  }

  @Test func aDocumentWithoutTheNextKeyLeavesItWaiting() async throws {
    let active = try #require(try await trust.key(.active))
    _ = try await trust.store.createNextDirectorKey(by: .anonymous)
    try await trust.publish(directors: [active])
    #expect(try await trust.key(.active) == active)
    #expect(try await trust.key(.next) != nil)
  }

  @Test func ofTwoNextDocumentsOneIsPublished() async throws {
    try await trust.publish()
    let replica = try trust.fixture.replica()
    let documents = try await [
      trust.sign(trust.document(version: 2, expires: .now + 4000)),
      trust.sign(trust.document(version: 2, expires: .now + 5000)),
    ]
    let outcomes = await withTaskGroup(of: Bool.self) { group in
      for (store, document) in zip([trust.store, replica], documents) {
        group.addTask { (try? await store.publishRootDocument(document, by: .anonymous)) != nil }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 } == 1)
  }

  @Test func theAuditLogSaysWhoPublished() async throws {
    let requester = Requester(principal: "operator:laptop", source: "bus")
    _ = try await trust.store.createNextDirectorKey(by: requester)
    let published = try await trust.store.publishRootDocument(trust.sign(trust.document()), by: requester)
    let entries = try await trust.store.audit(.all, before: nil, limit: 10).items
    #expect(entries.map(\.action) == ["publish-root-document", "create-director-key", "create-director-key"])
    #expect(entries.map(\.principal) == ["operator:laptop", "operator:laptop", "registry"])
    #expect(entries[0].target == "root-document:1")
    #expect(entries[0].detail.contains(try published.pin().hex))
  }

  @Test func draftsChangeWhatIsAskedAndNothingElse() async throws {
    let first = try await trust.publish().document
    let (publisher, added) = (
      try TrustedKey(Ed25519.PrivateKey().publicKey()), try TrustedKey(Ed25519.PrivateKey().publicKey())
    )
    var changes = RootChanges()
    changes.addedPublishers = [publisher]
    changes.apps = ["sensor"]
    let second = try changes.next(after: first, directors: first.directors, now: .now).document
    #expect(second.version == 2)
    #expect(second.rootKeys == first.rootKeys && second.threshold == first.threshold)
    #expect(second.directors == first.directors)
    #expect(second.publishers == [PublisherDelegation(key: publisher, apps: .named([try AppLabel("sensor")]))])

    changes = RootChanges()
    changes.addedPublishers = [publisher]
    changes.apps = ["valve"]
    changes.addedRootKeys = [added]
    changes.removedRootKeys = [first.rootKeys[0].description]
    let third = try changes.next(after: second, directors: first.directors, now: .now).document
    #expect(third.publishers.first?.apps == .named([try AppLabel("sensor"), try AppLabel("valve")]))
    #expect(third.rootKeys == [first.rootKeys[1], added])

    changes = RootChanges()
    changes.removedPublishers = ["0000000000000000"]
    #expect(throws: RootChangeError.self) { try changes.next(after: third, directors: [], now: .now) }
    changes = RootChanges()
    changes.apps = ["sensor"]
    changes.addedPublishers = []
    changes.removedPublishers = [publisher.description]
    #expect(try changes.next(after: third, directors: [], now: .now).document.publishers.isEmpty)
  }
}
