import Authorization
import FoundationEssentials
import Logging
import Messaging
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryAuthority
@testable import RegistryBus
@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

/// Which peer on the bus may send what, and what the audit log says of those who may not.
@Suite(.seated) struct BusRoleTests {
  /// Every kind of request that the Registry answers stands here, or the test fails.
  private static let roles: [String: BusRoles] = [
    "AssignImage": .imageStore, "AuthorizeRequest": [.imageStore, .provisioner], "CheckAssignment": .imageStore,
    "CreateDevice": [.operator, .provisioner], "CreateDevices": .provisioner, "CreateDirectorKey": .operator,
    "CreateToken": .operator, "DecommissionDevice": .operator,
    "DeleteDevice": .operator, "FindFirmware": [.operator, .imageStore], "GetCrash": .operator,
    "GetDeploymentTrace": .operator,
    "GetDevice": [.operator, .imageStore], "GetRootDocument": [.provisioner, .imageStore, .operator],
    "ListAudit": .operator, "ListCrashes": .operator, "ListDevices": .operator,
    "ListDirectorKeys": [.provisioner, .operator], "ListEvents": .operator, "ListFirmware": .operator,
    "ListLogs": .operator, "ListTokens": .operator,
    "PublishRootDocument": .operator, "RecordAudit": [.imageStore, .provisioner, .notifier],
    "FindDevices": .operator, "RecommissionDevice": .operator, "RecordCrashes": .notifier, "RecordLogs": .notifier,
    "RecordPolledStatus": .imageStore, "RecordReports": .notifier, "RenotifyDevice": [.operator, .notifier],
    "RetryFirmware": .operator, "RevokeToken": .operator, "RollBackFirmware": .operator, "SendToApp": .operator,
    "UpdateDevice": .operator,
  ]

  @Test func everyKindHasItsRoles() throws {
    let pool = try PostgresPool(url: "postgresql://127.0.0.1:1/none", maximumConnections: 1, logger: .quiet)
    let store = RegistryStore(pool: pool)
    var router = RPCRouter()
    RegistryRPC(store: store, authority: RequestAuthority(store: store, logger: .quiet), logger: .quiet)
      .addHandlers(to: &router)
    let answered = Dictionary(
      uniqueKeysWithValues: router.kinds.map { ($0.replacing("xtblish.v1.", with: ""), router.roles(for: $0)) })
    #expect(answered == Self.roles)
    // A kind that a .proto file declares and nobody answers would be refused to all.
    #expect(Set(router.kinds) == DeclaredRequests.registry)
  }

  @Test func aDeniedPeerIsInTheAuditLog() async throws {
    let fixture = try await Fixture.make()
    let authority = RequestAuthority(store: fixture.store, logger: .quiet)
    for _ in 0..<4 { authority.noteDenial(of: BusPeer(.imageStore, "image-store-1"), kind: "xtblish.v1.CreateToken") }
    await authority.writeEverything()
    let entries = try await fixture.store.audit(.all, before: nil, limit: 9).items
    #expect(entries.map(\.principal) == Array(repeating: "image-store:image-store-1", count: 2))
    #expect(entries.map(\.action) == ["create-token", "create-token"])
    #expect(entries.map(\.outcome) == ["refused", "refused"])
    #expect(
      Set(entries.map(\.detail)) == [
        #"{"reason": "role-not-allowed"}"#, #"{"reason": "role-not-allowed", "repeats": 3}"#,
      ])
  }
}

/// Tokens and the audit log over real ZeroMQ.
@Suite(.seated) struct OperatorRPCTests {
  /// As another service does it.
  @Test func aServiceAsksWhatATokenAllows() async throws {
    let fixture = try await Fixture.make()
    let (_, secret) = try await fixture.store.createToken(.sample("ci", [.deploy]), by: .operatorAnna)
    try await withClient(fixture) { client in
      var request = WireAuthorizeRequest()
      request.tokenHash = Data(try secret.hash)
      request.scope = "deploy"
      request.action = "upload-image"
      request.target = "device:1"
      request.source = "192.0.2.5"
      let allowed = try await client.call(request)
      #expect(allowed.principal == "token:ci")
      #expect(allowed.scopes == ["deploy"])
      // A change is asked for anew each time.
      #expect(allowed.cacheMilliseconds == 0)
      var read = request
      (read.scope, read.action) = ("read", "")
      #expect((1..<2_000).contains(try await client.call(read).cacheMilliseconds))
      var refused = request
      (refused.scope, refused.action) = ("operate", "create-claim")
      let scope = try await client.call(refused)
      #expect(scope.principal.isEmpty)
      #expect(scope.reason == "missing-scope")
      refused.tokenHash = Data(repeating: 1, count: 32)
      let unknown = try await client.call(refused)
      #expect(unknown.principal.isEmpty)
      #expect(unknown.reason == "unknown-token")
      for change in [{ $0.tokenHash = Data([1]) }, { $0.scope = "root" }]
        as [@Sendable (inout WireAuthorizeRequest) -> Void]
      {
        let wrong = changed(request, change)
        let failure = await #expect(throws: WireFailure.self) { try await client.call(wrong) }
        #expect(failure?.code == .invalid)
      }
    }
    let entries = try await fixture.store.audit(.all, before: nil, limit: 3).items
    #expect(entries.map(\.action) == ["create-claim", "create-claim", "upload-image"])
    #expect(entries.map(\.outcome) == ["refused", "refused", "begun"])
  }

  @Test func aServiceRecordsWhatAnOperatorDidThere() async throws {
    let fixture = try await Fixture.make()
    try await withClient(fixture) { client in
      var request = WireRecordAudit()
      request.entry.principal = "operator:anna"
      request.entry.action = "revoke-device"
      request.entry.target = "device:1"
      request.entry.outcome = "allowed"
      request.entry.detailJson = #"{"reason":"lost"}"#
      _ = try await client.call(request)
      var refused = request
      refused.entry.outcome = "refused"
      for _ in 0..<3 { _ = try await client.call(refused) }
      for change in [
        { $0.entry.outcome = "maybe" }, { $0.entry.principal = "" }, { $0.entry.action = "" },
        { $0.entry.detailJson = "[]" }, { $0.entry.detailJson = #"{"a":"\u0000"}"# },
        { $0.entry.detailJson = String(repeating: " ", count: 5_000) },
      ] as [@Sendable (inout WireRecordAudit) -> Void] {
        let wrong = changed(request, change)
        await #expect(throws: WireFailure.self) { try await client.call(wrong) }
      }
      var list = WireListAudit()
      list.principal = "operator:anna"
      let entries = try await client.call(list).entries
      #expect(entries.map(\.outcome) == ["refused", "allowed"])
      // Her name is what was claimed, and nobody is known on a bus without keys.
      #expect(entries.map(\.principal) == ["anonymous", "anonymous"])
      #expect(entries.map(\.claimed) == ["operator:anna", "operator:anna"])
      #expect(entries.last?.source == "bus")
      #expect(entries.last?.detailJson == #"{"reason": "lost"}"#)
    }
  }

  @Test func followedEntriesAreCompleteAndInOrder() async throws {
    let fixture = try await Fixture.make()
    @Sendable func add(_ count: Int) async throws {
      for number in 0..<count { try await fixture.store.append(AuditRecord("n\(number)", "", by: .operatorAnna)) }
    }
    try await add(3)
    try await withClient(fixture) { client in
      var follower = AuditFollower(client: client, query: AuditQuery(), deadline: .seconds(20))
      #expect(try await follower.start(count: 2).map(\.id) == [2, 3])
      #expect(try await follower.next().isEmpty)
      // More than a page.
      try await add(620)
      #expect(try await follower.next().map(\.id) == Array(4...623))
      #expect(try await follower.next().isEmpty)
      // A backup from before.
      for statement in [
        "alter table registry.audit disable trigger keep_audit", "delete from registry.audit where id > 100",
        "alter table registry.audit enable trigger keep_audit", "alter sequence registry.audit_ids restart with 101",
      ] as [SQL] { try await fixture.pool.execute(statement) }
      #expect(try await follower.next().isEmpty)
      try await add(2)
      #expect(try await follower.next().map(\.id) == [101, 102])
    }
  }
}

private func changed<R>(_ request: R, _ change: (inout R) -> Void) -> R {
  var changed = request
  change(&changed)
  return changed
}
