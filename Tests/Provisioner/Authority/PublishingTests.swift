import Foundation
import Foundations
import OpenSSL
import PostgreSQL
import ServiceHTTP
import TestSupport
import Testing
import Wire

@testable import CertificateAuthority
@testable import DeviceCertificates

/// Revocations in publications, for fleets of any size.
@Suite(.seated) struct PublishingTests {
  @Test func whatABacklogNeeds() {
    func kind(_ change: (inout RevocationBacklog) -> Void) -> PublishedList.Kind? {
      var backlog = RevocationBacklog()
      change(&backlog)
      return backlog.nextKind
    }
    #expect(kind { _ in } == nil)
    #expect(kind { $0.pendingCount = 1 } == .partial)
    // Of a certificate that no list can be about alone.
    #expect(kind { ($0.pendingCount, $0.namelessCount) = (5, 1) } == .full)
    // A list that names too many takes long to look through.
    #expect(kind { $0.pendingCount = RevocationBacklog.leastEntriesForFull + 1 } == .full)
    #expect(kind { ($0.pendingCount, $0.partialEntryCount) = (97, 4_000) } == .full)
    #expect(kind { ($0.pendingCount, $0.partialEntryCount, $0.fullEntryCount) = (97, 4_000, 50_000) } == .partial)
    #expect(kind { ($0.pendingCount, $0.partialCount) = (1, RevocationBacklog.maximumPartialCount) } == .full)
  }

  /// Fills the record with certificates that were revoked before, as nobody has the time to make so many.
  private func fill(_ replica: AuthorityReplica, revoked count: Int, hasListName: Bool = true) async throws {
    let issuer = replica.live.authority.issuers[0].keyHash
    try await replica.pool.execute(
      """
      insert into provisioner.certificates
        (issuer, serial_number, device_id, subject, public_key_hash, not_before, not_after, revoked_at, has_list_name)
      select $1, decode(md5(n::text), 'hex'), gen_random_uuid(), 'made', sha256(n::text::bytea),
        clock_timestamp() - interval '1 day', clock_timestamp() + interval '30 days', clock_timestamp(), $3
      from generate_series(1, $2) as n
      """, [.bytea(issuer), .int(count), .bool(hasListName)])
    try await eventually("they are published") {
      await replica.keeper.turn()
      return try replica.listed().count >= count
    }
  }

  @Test func aCertificateOfAReleaseBeforeThisOneNeedsTheListWithEverything() async throws {
    try await withReplica { replica, _ in
      let (old, new) = (DeviceID.random(), DeviceID.random())
      let issued = try await replica.issue(old, try P256.PrivateKey())
      _ = try await replica.issue(new, try P256.PrivateKey())
      try await replica.pool.execute(
        "update provisioner.certificates set has_list_name = false where device_id = $1", [.uuid(old.bytes)])
      try await replica.revoke(new)
      try await replica.revoke(old)
      let snapshot = try #require(replica.feed.current)
      #expect(snapshot.published.map(\.kind) == [.first, .full])
      #expect(try replica.listed().count == 2)
      #expect(
        AuthorityFixture.refusal(
          of: [issued.certificate] + issued.issuers, roots: snapshot.roots, lists: snapshot.lists) == .revoked)
    }
  }

  @Test func aReplicaReadsWhatIsNewAndEverythingAfterARestore() async throws {
    try await withReplica { replica, _ in
      let device = DeviceID.random()
      _ = try await replica.issue(device, try P256.PrivateKey())
      let before = try #require(replica.feed.current)
      try await replica.revoke(device)
      let after = try await replica.store.revocations(after: before)
      #expect(after == replica.feed.current)
      #expect(after.lists(since: before.tag)?.count == 1)
      // The same numbers, from another past.
      for table in ["revocation_state", "revocation_revisions", "revocation_lists"] {
        try await replica.pool.executeScript(Self.otherPast[table] ?? "select 1")
      }
      #expect(try await replica.store.isCurrent(after) == false)
      let restored = try await replica.store.revocations(after: after)
      #expect(restored.published.count == 2)
      #expect(restored.lists(since: after.tag) == nil)
    }
  }

  private static let otherPast: [String: SQLScript] = [
    "revocation_state": "update provisioner.revocation_state set nonce = sha256(nonce)",
    "revocation_revisions": "update provisioner.revocation_revisions set nonce = sha256(nonce)",
    "revocation_lists": "update provisioner.revocation_lists set nonce = sha256(nonce)",
  ]

  @Test func servicesGetSerialNumbersInPagesThenWhatIsNewAndEverythingAfterARestore() async throws {
    try await withReplica { replica, _ in
      try await fill(replica, revoked: 25)
      let pages = RevocationPages(store: replica.store, validity: .seconds(60))
      var cursor: WireRevocationCursor?
      var (sizes, wholes): ([Int], [Bool]) = ([], [])
      func read(size: Int) async throws -> WireRevocations {
        let page = try await pages.page(after: cursor, size: size)
        cursor = page.cursor
        return page
      }
      var isMore = true
      while isMore {
        let page = try await read(size: 10)
        sizes.append(page.revoked.reduce(0) { $0 + $1.expireAt.count })
        wholes.append(page.whole)
        isMore = page.more
      }
      #expect(sizes == [10, 10, 5])
      #expect(wholes == [true, false, false])
      let device = DeviceID.random()
      let issued = try await replica.issue(device, try P256.PrivateKey())
      try await replica.revoke(device)
      let news = try await read(size: 10)
      #expect(!news.whole && !news.more)
      #expect(
        Array(news.revoked.first?.serialNumbers ?? Data()).suffix(16) == issued.certificate.serialNumber.suffix(16))
      try await replica.pool.executeScript(
        """
        update provisioner.revocation_state set nonce = sha256(nonce);
        update provisioner.revocation_revisions set nonce = sha256(nonce);
        """)
      let again = try await read(size: 100)
      #expect(again.whole)
      #expect(again.revoked.reduce(0) { $0 + $1.expireAt.count } == 26)
    }
  }

  /// The fault of the release before: a list of more than a mebibyte was never written again. A small form of
  /// Benchmarks/Revocation.
  @Test func aBrokerRefusesTheNextOneRevokedOfTensOfThousandsWithoutGrowingByAllOfThem() async throws {
    let fixture = try AuthorityFixture()
    try await withStage { stage in
      let path = fixture.folder.path("crl")
      let folder = RevocationDirectory(path)
      let replica = try AuthorityReplica(fixture.directory, pool: stage.pool, folder: folder)
      await replica.keeper.turn()
      try await fill(replica, revoked: 30_000)
      let broker = try await RevocationBroker(fixture, path)
      let devices = try await broker.devices(12, replica)
      for device in devices { #expect(await broker.letsIn(device)) }
      let before = try broker.residentBytes()
      for device in devices.dropLast() {
        try await replica.revoke(device)
        #expect(await !broker.letsIn(device))
      }
      #expect(await broker.letsIn(devices[11]))
      // The lists with everything have a megabyte each, and several times that in the broker's memory.
      #expect(try broker.residentBytes() - before < 4 << 20)
      #expect(try replica.listed().count == 30_011)
      // One that starts now knows as much.
      try await broker.restart()
      for device in devices.dropLast() { #expect(await !broker.letsIn(device)) }
      #expect(await broker.letsIn(devices[11]))
    }
  }

  @Test func listsWithEverythingTakeThePlaceOfThoseBeforeThemForABrokerThatStarts() async throws {
    let fixture = try AuthorityFixture()
    try await withStage { stage in
      let path = fixture.folder.path("crl")
      let replica = try AuthorityReplica(fixture.directory, pool: stage.pool, folder: RevocationDirectory(path))
      await replica.keeper.turn()
      let broker = try await RevocationBroker(fixture, path)
      let devices = try await broker.devices(4, replica)
      try await replica.revoke(devices[0])
      // Has read what there was, and must find what comes although names before it become links.
      #expect(await !broker.letsIn(devices[0]))
      try await replica.revoke(devices[1])
      try await fill(replica, revoked: RevocationBacklog.leastEntriesForFull + 10)
      #expect(replica.feed.current?.published.map(\.kind) == [.first, .full])
      try await replica.revoke(devices[2])
      for _ in 0..<2 {
        for device in devices.dropLast() { #expect(await !broker.letsIn(device)) }
        #expect(await broker.letsIn(devices[3]))
        try await broker.restart()
      }
    }
  }

  @Test func listsThatCantBeWrittenMakeTheServiceUnreadyAndAreWrittenOnceTheyCanBe() async throws {
    let fixture = try AuthorityFixture()
    try await withStage { stage in
      let path = fixture.folder.path("file/crl")
      try writeFile(fixture.folder.path("file"), "")
      let replica = try AuthorityReplica(fixture.directory, pool: stage.pool, folder: RevocationDirectory(path))
      await replica.keeper.turn()
      #expect(await replica.keeper.hasFailed)
      #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: fixture.folder.path("file")) }
      await replica.keeper.turn()
      #expect(await !replica.keeper.hasFailed)
      #expect(RevocationDirectory(path).age != nil)
    }
  }
}
