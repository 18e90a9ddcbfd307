import Authorization
import FoundationEssentials
import Foundations
import Logging
import Messaging
import OpenSSL
import PostgreSQL
import RegistryStorage
import SwiftProtobuf
import TestSupport
import Testing
import Wire

@testable import RegistryAuthority
@testable import RegistryBus
@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryMessages

/// What a service that was taken over can make the Registry do: no more than its clients let it, in no other name.
@Suite(.seated, .timeLimit(.minutes(10))) struct TakenOverServiceTests {
  private static let store = BusPeer(.imageStore, "image-store-1")

  /// Runs `body` with a Registry on a bus of keys.
  private func withRegistry(
    _ fixture: Fixture, _ body: @Sendable @escaping (Bus) async throws -> Void
  ) async throws {
    let network = InMemoryTransport()
    let authority = RequestAuthority(store: fixture.store, logger: .quiet)
    var router = RPCRouter()
    RegistryRPC(store: fixture.store, authority: authority, logger: .quiet).addHandlers(to: &router)
    let server = RPCServer(
      name: "registry", listening: "tcp://127.0.0.1:7102", router: router, transport: network, logger: .quiet)
    try await running([server]) {
      _ = try await server.boundAddress()
      try await body(Bus(network: network, authority: authority))
    }
  }

  private struct Bus: Sendable {
    let network: InMemoryTransport
    let authority: RequestAuthority

    func call<R: WireRequest & Sendable>(_ request: R, by peer: BusPeer = store) async throws -> R.Response
    where R.Response: Sendable {
      try await withRPCClient(
        endpoints: ["tcp://127.0.0.1:7102"], transport: network.identified(as: peer), logger: .quiet
      ) { try await $0.call(request, deadline: .seconds(60)) }
    }

    func refusal<R: WireRequest & Sendable>(of request: R, by peer: BusPeer = store) async -> WireFailure?
    where R.Response: Sendable {
      do {
        _ = try await call(request, by: peer)
        return nil
      } catch { return error as? WireFailure }
    }
  }

  private func assignment(
    _ device: DeviceID, _ image: PublishedApp, token: String = "", stated: String = "token:ci", key: String = "k"
  ) -> WireAssignImage {
    .with {
      $0.deviceID = Data(device.bytes)
      $0.image = WireAppImage(image)
      $0.idempotencyKey = key
      $0.bearerToken = token
      $0.requester.principal = stated
      $0.requester.source = "192.0.2.9"
    }
  }

  private func check(_ request: WireAssignImage) -> WireCheckAssignment {
    .with {
      $0.deviceID = request.deviceID
      $0.image = request.image
      $0.idempotencyKey = request.idempotencyKey
      $0.bearerToken = request.bearerToken
      $0.source = request.requester.source
    }
  }

  @Test func nothingIsAssignedButForWhoPresentedAToken() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let store = fixture.store
    let good = try await store.createToken(.sample("ci", [.deploy]), by: .operatorAnna).secret.text
    let reader = try await store.createToken(.sample("reader", [.read]), by: .operatorAnna).secret.text
    let revoked = try await store.createToken(.sample("old", [.deploy]), by: .operatorAnna).secret.text
    _ = try await store.revokeToken("old", by: .operatorAnna)
    try await withRegistry(fixture) { bus in
      for (token, stated, reason) in [
        ("", "token:ci", "missing-token"), ("", "operator:anna", "missing-token"), ("", "", "missing-token"),
        ("xtb_guessed", "token:ci", "unknown-token"), (reader, "token:ci", "missing-scope"),
        (revoked, "token:ci", "revoked-token"),
      ] {
        let request = try assignment(device, .sample(), token: token, stated: stated)
        for refusal in [await bus.refusal(of: request), await bus.refusal(of: check(request))] {
          #expect(
            refusal?.code == .permissionDenied && refusal?.reason == reason, "\(stated): \(String(describing: refusal))"
          )
        }
      }
      let long = try assignment(device, .sample(), token: String(repeating: "x", count: 600))
      #expect(await bus.refusal(of: long)?.reason == "invalid-bearer-token")
      #expect(try await fixture.count("select count(*) from registry.firmware") == 0)
      #expect(try await store.outboxPending() == 0)

      // The name is the token's, whatever the service states.
      let answer = try await bus.call(try assignment(device, .sample(), token: good, stated: "operator:anna"))
      #expect(answer.version == 1)
      let entry = try #require(try await store.audit(.all, before: nil, limit: 1).items.first)
      #expect(entry.action == "assign-image" && entry.outcome == "allowed")
      #expect(entry.principal == "token:ci")
      #expect(entry.via == "image-store:image-store-1")
      #expect(entry.claimed.isEmpty)
      await bus.authority.writeEverything()
    }
    let entries = try await store.audit(.all, before: nil, limit: 100).items
    #expect(!entries.contains { $0.principal == "operator:anna" && $0.action == "assign-image" })
    let refused = entries.filter { $0.outcome == "refused" }
    #expect(Set(refused.map(\.principal)) == ["image-store:image-store-1", "anonymous", "token:reader", "token:old"])
    // A token's name stands there because the token was shown, and through whom.
    #expect(refused.filter { $0.principal.hasPrefix("token:") }.allSatisfy { $0.via == "image-store:image-store-1" })
  }

  /// The release before sends no token with an assignment. The Registry knows whom it let through.
  @Test func anImageStoreOfTheReleaseBeforeGoesOnForWhatWasAdmitted() async throws {
    let fixture = try await Fixture.make()
    let (device, other) = (try await fixture.device(), try await fixture.device("other"))
    let secret = try await fixture.store.createToken(.sample("ci", [.deploy]), by: .operatorAnna).secret
    try await withRegistry(fixture) { bus in
      #expect(await bus.refusal(of: try assignment(device, .sample()))?.reason == "missing-token")
      let admitted = try await bus.call(
        WireAuthorizeRequest.with {
          $0.tokenHash = Data((try? secret.hash) ?? [])
          $0.scope = "deploy"
          $0.action = "upload-firmware"
          $0.target = AuditRecord.target(device)
        })
      #expect(admitted.principal == "token:ci")
      #expect(await bus.refusal(of: try assignment(other, .sample()))?.reason == "missing-token")
      #expect(
        await bus.refusal(of: try assignment(device, .sample(), stated: "token:other"))?.reason == "missing-token")
      #expect(try await bus.call(try assignment(device, .sample())).version == 1)
      _ = try await fixture.store.revokeToken("ci", by: .operatorAnna)
      #expect(await bus.refusal(of: try assignment(device, .sample(2), key: "2"))?.reason == "missing-token")
    }
    let entry = try await fixture.store.audit(.all, before: nil, limit: 9).items.first { $0.action == "assign-image" }
    #expect(entry?.principal == "token:ci")
    #expect(entry?.via == "image-store:image-store-1")
  }

  @Test func whatAServiceRecordsIsItsOwnWord() async throws {
    let fixture = try await Fixture.make()
    try await withRegistry(fixture) { bus in
      for (peer, outcome) in [
        (Self.store, "allowed"), (BusPeer(.provisioner, "provisioner-1"), "allowed"),
        (BusPeer(.notifier, "notifier-1"), "refused"),
      ] {
        _ = try await bus.call(
          WireRecordAudit.with {
            $0.entry.principal = "operator:anna"
            $0.entry.action = "revoke-device"
            $0.entry.outcome = outcome
            $0.entry.via = "registry:registry-1"
            $0.entry.claimed = "nobody"
          }, by: peer)
      }
      let device = try await fixture.device()
      _ = try await fixture.store.assign(.sample(), to: device, idempotencyKey: "k")
      _ = try await bus.call(
        WireRenotifyDevice.with {
          $0.deviceID = Data(device.bytes)
          $0.requester.principal = "operator:lena"
        }, by: BusPeer(.notifier, "notifier-1"))
      // A key speaks for itself.
      _ = try await bus.call(
        WireRenotifyDevice.with {
          $0.deviceID = Data(device.bytes)
          $0.requester.principal = "operator:lena"
        }, by: BusPeer(.operator, "max"))
    }
    let entries = try await fixture.store.audit(.all, before: nil, limit: 100).items
    let claims = entries.filter { $0.claimed == "operator:anna" }
    #expect(
      Set(claims.map(\.principal)) == [
        "image-store:image-store-1", "provisioner:provisioner-1", "notifier:notifier-1",
      ])
    #expect(claims.count == 3 && claims.allSatisfy { $0.via.isEmpty })
    #expect(!entries.contains { $0.principal == "operator:anna" })
    let renotified = entries.filter { $0.action == "renotify-device" }
    #expect(renotified.map(\.principal) == ["operator:max", "notifier:notifier-1"])
    #expect(renotified.map(\.claimed) == ["", "operator:lena"])
    // Whoever looks for a name finds what was said of it too.
    let filter = try AuditFilter(principal: "operator:anna", action: "", target: "", since: nil, until: nil)
    #expect(try await fixture.store.audit(filter, before: nil, limit: 9).items.count == 3)
  }

  @Test func aServicesWordLocksNobodyOut() async throws {
    let fixture = try await Fixture.make()
    let secret = try await fixture.store.createToken(.sample("ci", [.deploy]), by: .operatorAnna).secret
    let question = WireAuthorizeRequest.with {
      $0.scope = "deploy"
      $0.source = "192.0.2.1"
    }
    try await withRegistry(fixture) { bus in
      var guess = question
      for number in 0..<30 {
        guess.bearerToken = "guess \(number)"
        let failure = await bus.refusal(of: guess)
        #expect(failure == nil || failure?.reason == "too-many-failed-attempts")
      }
      // The address is counted for that service alone: neither at the Registry, nor at another service.
      let local = LocalAuthorizer(bus.authority)
      let principal = try await local.authorize(
        token: PresentedToken(text: secret.text, hash: try secret.hash), scope: .deploy, action: "", target: "",
        source: "192.0.2.1")
      #expect(principal.name == "token:ci")
      var real = question
      real.bearerToken = secret.text
      #expect(try await bus.call(real, by: BusPeer(.provisioner, "provisioner-1")).principal == "token:ci")
    }
  }

  @Test func theAuditLogTakesSoMuchOfAServicesWordAndNoMore() async throws {
    let (one, other) = (Self.store, BusPeer(.provisioner, "provisioner-1"))
    let (budget, start) = (ClaimBudget(), ContinuousClock.now)
    for _ in 0..<Int(ClaimBudget.burst) { #expect(budget.wait(of: one, now: start) == nil) }
    let wait = try #require(budget.wait(of: one, now: start))
    #expect(wait > .zero && wait <= .milliseconds(10))
    #expect(budget.wait(of: other, now: start) == nil)
    #expect(budget.wait(of: one, now: start + .milliseconds(15)) == nil)
    #expect(budget.wait(of: one, now: start + .milliseconds(16)) != nil)
  }

  @Test func refusalsThatAServiceMakesUpStayFew() {
    var tally = RefusalTally()
    let start = ContinuousClock.now
    var written = 0
    for number in 0..<10_000 {
      let made = Requester(principal: "image-store:1", source: "192.0.2.\(number)", claimed: "token:\(number)")
      if tally.note(AuditRecord("a", "", by: made), reason: "reason \(number)", now: start) != nil { written += 1 }
    }
    #expect(written == RefusalTally.maximumKindsOfService + 1)
    // There is room for what really happens.
    let real = Requester(principal: "anonymous", source: "192.0.2.1")
    #expect(tally.note(AuditRecord("read", "", by: real), reason: "unknown-token", now: start)?.requester == real)
  }
}
