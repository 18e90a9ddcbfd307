import Foundation
import Foundations
import Messaging
import OpenSSL
import PostgreSQL
import ServiceLifecycle
import TestSupport
import Testing
import Wire

@testable import CertificateAuthority
@testable import DeviceCertificates
@testable import ProvisionerServer

/// A server with one question that nothing answers.
private struct WaitingForNews: Service {
  static let wait = patience

  let feed: RevocationFeed

  func run() async throws {
    _ = await feed.next(unless: { _ in true }, atMost: Self.wait)
  }
}

@Suite(.seated) struct RevocationTests {
  @Test func aRevokedCertificateIsOnTheList() async throws {
    try await withReplica { replica, _ in
      let (device, other) = (DeviceID.random(), DeviceID.random())
      let issued = try await replica.issue(device, try P256.PrivateKey())
      let good = try await replica.issue(other, try P256.PrivateKey())
      let before = try #require(replica.feed.current)
      #expect(try await replica.revoke(device))
      let after = try #require(replica.feed.current)
      #expect(after.state > before.state)
      func refusal(_ issued: IssuedCertificate) -> CertificateRefusal.Reason? {
        AuthorityFixture.refusal(
          of: [issued.certificate] + issued.issuers, roots: after.roots, lists: after.lists)
      }
      #expect(refusal(issued) == .revoked)
      #expect(refusal(good) == nil)
    }
  }

  @Test func aRepeatChangesNothing() async throws {
    try await withReplica { replica, _ in
      let device = DeviceID.random()
      _ = try await replica.issue(device, try P256.PrivateKey())
      #expect(try await replica.revoke(device))
      let state = replica.feed.current?.state
      #expect(try await !replica.revocation.revoke(device, reason: "", requester: "a"))
      #expect(replica.feed.current?.state == state)
    }
  }

  @Test func eachListIsNewerThanThoseBeforeAndAboutWhatItTakesBackAlone() async throws {
    try await withReplica { replica, _ in
      for _ in 0..<3 {
        let device = DeviceID.random()
        _ = try await replica.issue(device, try P256.PrivateKey())
        try await replica.revoke(device)
      }
      let published = try #require(replica.feed.current).published
      #expect(published.map(\.kind) == [.first, .partial, .partial, .partial])
      for (earlier, later) in zip(published, published.dropFirst()) {
        #expect(later.list.thisUpdate.timeIntervalSince(earlier.list.thisUpdate) >= 1)
        #expect(try later.list.revokedSerialNumbers.count == 1)
      }
    }
  }

  @Test func aBurstSharesOneList() async throws {
    try await withReplica { replica, _ in
      let devices = (0..<20).map { _ in DeviceID.random() }
      for device in devices { _ = try await replica.issue(device, try P256.PrivateKey()) }
      for device in devices.dropLast() { _ = try await replica.store.revoke(device, reason: "", requester: "a") }
      try await replica.revoke(devices[19])
      let published = try #require(replica.feed.current).published
      // One at once, if the first list was published long enough before, and one for the rest.
      #expect((2...3).contains(published.count))
      #expect(try replica.listed().count == 20)
    }
  }

  @Test func aRevokedDeviceGetsNoOtherCertificate() async throws {
    try await withReplica { replica, _ in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      _ = try await replica.issue(device, key)
      try await replica.revoke(device)
      let failure = await requestFailure { _ = try await replica.issue(device, key) }
      #expect(failure?.reason == "device-revoked")
    }
  }

  /// Whichever comes first, no good certificate is left.
  @Test func issuingAndRevokingAtOnceLeavesNothingGood() async throws {
    try await withReplica { replica, _ in
      for _ in 0..<10 {
        let (device, key) = (DeviceID.random(), try P256.PrivateKey())
        async let issued = try? replica.issue(device, key)
        async let revoked = replica.store.revoke(device, reason: "", requester: "a")
        let certificate = await issued
        _ = try await revoked
        try await replica.revoke(device)
        let listed = try replica.listed()
        if let certificate { #expect(listed.contains(certificate.certificate.serialNumber)) }
      }
    }
  }

  @Test func anotherReplicaServesTheSameListSoonAfter() async throws {
    let fixture = try AuthorityFixture()
    try await withStage { stage in
      let one = try AuthorityReplica(fixture.directory, pool: stage.pool)
      let two = try AuthorityReplica(fixture.directory, pool: stage.pool)
      try await two.running {
        await one.keeper.turn()
        try await eventually { two.feed.current?.state == one.feed.current?.state && one.feed.current != nil }
        let device = DeviceID.random()
        _ = try await one.issue(device, try P256.PrivateKey())
        let known = try #require(two.feed.current?.state)
        async let waiting = two.feed.next(unless: { $0.state == known }, atMost: .seconds(20))
        _ = try await one.revocation.revoke(device, reason: "", requester: "a")
        let news = try #require(await waiting)
        #expect(news.state > known)
        try await eventually {
          await one.keeper.turn()
          return two.feed.current == one.feed.current
        }
        try await eventually { try two.listed().count == 1 }
      }
    }
  }

  @Test func replicasThatStartAtOnceAgreeOnOneList() async throws {
    let fixture = try AuthorityFixture()
    try await withStage { stage in
      let replicas = try (0..<4).map { _ in try AuthorityReplica(fixture.directory, pool: stage.pool) }
      await withTaskGroup(of: Void.self) { group in
        for replica in replicas { group.addTask { await replica.keeper.turn() } }
      }
      for replica in replicas { await replica.keeper.turn() }
      let first = try #require(replicas[0].feed.current)
      #expect(first.lists.count == 1)
      for replica in replicas { #expect(replica.feed.current == first) }
      let count = try await stage.pool.queryFirst("select count(*) as n from provisioner.revocation_lists")?["n"].int
      #expect(count == 1)
    }
  }

  /// What had run out would be read anew by every broker, and what it took back would be good again until then.
  @Test func aListOutlivesAllThatItsIssuerSigned() async throws {
    try await withReplica { replica, _ in
      let device = DeviceID.random()
      _ = try await replica.issue(device, try P256.PrivateKey())
      try await replica.revoke(device)
      let end = replica.live.authority.issuers[0].certificate.notAfter
      for list in try #require(replica.feed.current).lists { #expect(list.nextUpdate > end) }
    }
  }

  @Test func aWaitWithoutNewsEnds() async throws {
    try await withReplica { replica, _ in
      let state = try #require(replica.feed.current?.state)
      let answer = await replica.feed.next(unless: { $0.state == state }, atMost: .milliseconds(50))
      #expect(answer?.state == state)
    }
  }

  /// All services keep a question open, so that a Provisioner that is to end would have to wait for the last of them.
  @Test func aDrainEndsAnOpenWait() async throws {
    try await withReplica { replica, _ in
      let group = ServiceGroup(services: [WaitingForNews(feed: replica.feed)], logger: quietLogger)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await eventually("it waits for news") { replica.feed.waiterCount == 1 }
        let start = ContinuousClock.now
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        #expect(ContinuousClock.now - start < WaitingForNews.wait / 2)
      }
      #expect(replica.feed.waiterCount == 0)
    }
  }

  @Test func aReplicaOfAnOlderFolderTakesNoRootBack() async throws {
    let fixture = try AuthorityFixture()
    try await withStage { stage in
      let old = try AuthorityReplica(fixture.directory, pool: stage.pool)
      await old.keeper.turn()
      _ = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
      let new = try AuthorityReplica(fixture.directory, pool: stage.pool)
      await new.keeper.turn()
      _ = try await old.store.register(old.live.authority, settling: .zero)
      await new.keeper.turn()
      #expect(new.feed.current?.roots.count == 2)
      #expect(new.feed.current?.lists.count == 2)
    }
  }

  @Test func filesThatCouldNotBeUsedAreTriedAgain() async throws {
    try await withReplica { replica, fixture in
      let before = try #require(AuthorityDirectory.keyName(of: replica.live.authority.issuers[0].certificate))
      let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: false)
      // None of the files that are watched.
      let (key, away) = (fixture.folder.path("ca/previous-\(before).key"), fixture.folder.path("away"))
      try FileManager.default.moveItem(atPath: key, toPath: away)
      await replica.keeper.turn()
      #expect(replica.live.authority.generation == after.generation - 1)
      try FileManager.default.moveItem(atPath: away, toPath: key)
      await replica.keeper.turn()
      #expect(replica.live.authority.generation == after.generation)
    }
  }

  @Test func onlyTheRegistryIsBelievedForWhomItRevokes() {
    let names = [BusPeer(.registry, "r-1"), BusPeer(.operator, "ann"), nil].map { peer in
      ["token:ci", ""].map { AuthorityRPC.requester(claimed: $0, peer: peer) }
    }
    #expect(
      names == [["token:ci", "registry:r-1"], ["operator:ann", "operator:ann"], ["token:ci", "anonymous"]])
  }

  @Test func aRotatedAuthorityIsTakenUpWithoutARestart() async throws {
    try await withReplica { replica, fixture in
      let (device, key) = (DeviceID.random(), try P256.PrivateKey())
      let before = try await replica.issue(device, key)
      _ = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
      await replica.keeper.turn()
      #expect(replica.live.trustRoots.count == 2)
      let snapshot = try #require(replica.feed.current)
      #expect(snapshot.lists.count == 2)
      // Brokers may not have the new issuer's list yet; the old one's certificates are good everywhere.
      let during = try await replica.issue(device, key)
      #expect(during.issuers.first == before.issuers.first)
      try await replica.pool.execute(
        "update provisioner.issuers set first_seen = first_seen - interval '1 minute'")
      await replica.keeper.turn()
      let after = try await replica.issue(device, key)
      #expect(after.issuers.first != before.issuers.first)
      for issued in [before, during, after] {
        let chain = [issued.certificate] + issued.issuers
        #expect(AuthorityFixture.refusal(of: chain, roots: snapshot.roots, lists: snapshot.lists) == nil)
      }
    }
  }
}
