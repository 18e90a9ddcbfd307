import Authorization
import Foundations
import Logging
import Messaging
import PostgreSQL
import RegistryStorage
import ServiceHTTP
import TestSupport
import Testing
import TextFormats
import Wire

@testable import RegistryAuthority
@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryServer

extension RequestAuthority.Request {
  static func sample(
    _ hash: [UInt8], _ scope: AccessScope = .read, action: String = "", source: String = "192.0.2.1"
  ) -> RequestAuthority.Request {
    RequestAuthority.Request(
      tokenHash: hash, scope: scope, action: action, target: action.isEmpty ? "" : "claim:1", source: source)
  }
}

@Suite(.seated) struct AuthorityTests {
  private static let nobodys = [UInt8](repeating: 7, count: 32)

  private func make(_ fixture: Fixture) -> RequestAuthority {
    RequestAuthority(store: fixture.store, logger: .quiet)
  }

  @Test(arguments: AccessScope.allCases)
  func aScopeIncludesThoseBelowIt(_ held: AccessScope) async throws {
    let fixture = try await Fixture.make()
    let hash = try await fixture.store.createToken(.sample("t", [held]), by: .operatorAnna).secret.hash
    for asked in AccessScope.allCases {
      let verdict = try await make(fixture).decide(.sample(hash, asked), isRecorded: true)
      if asked <= held {
        guard case .allowed(let token) = verdict else {
          Issue.record("\(held) does not allow \(asked)")
          continue
        }
        #expect(token.name == "t")
      } else {
        #expect(verdict == .refused(.missingScope))
      }
    }
  }

  @Test func tokensThatOpenNothing() async throws {
    let fixture = try await Fixture.make()
    let authority = make(fixture)
    let revoked = try await fixture.store.createToken(.sample("revoked"), by: .operatorAnna).secret.hash
    _ = try await fixture.store.revokeToken("revoked", by: .operatorAnna)
    let expired = try await fixture.store.createToken(
      .sample("expired", lifetime: .seconds(3600)), by: .operatorAnna
    ).secret.hash
    #expect(try await authority.decide(.sample(expired), isRecorded: true) != .refused(.expired))
    try await fixture.pool.execute(
      "update registry.tokens set expires_at = clock_timestamp() - interval '1 microsecond' where name = 'expired'")
    #expect(try await authority.decide(.sample(Self.nobodys), isRecorded: true) == .refused(.unknown))
    #expect(try await authority.decide(.sample(revoked), isRecorded: true) == .refused(.revoked))
    #expect(try await authority.decide(.sample(expired), isRecorded: true) == .refused(.expired))
    let refused = try await fixture.store.audit(.all, before: nil, limit: 3).items
    #expect(refused.map(\.outcome) == ["refused", "refused", "refused"])
    #expect(refused.map(\.principal) == ["token:expired", "token:revoked", "anonymous"])
    #expect(refused.map(\.source) == Array(repeating: "192.0.2.1", count: 3))
    #expect(refused.first?.detail == #"{"reason": "expired-token"}"#)
  }

  /// Another replica made its decisions from the same rows, so it refuses at once.
  @Test func whatOneReplicaRevokedAnotherRefuses() async throws {
    let fixture = try await Fixture.make()
    let other = RequestAuthority(store: try fixture.replica(), logger: .quiet)
    let hash = try await fixture.store.createToken(.sample(), by: .operatorAnna).secret.hash
    guard case .allowed = try await other.decide(.sample(hash), isRecorded: true) else {
      Issue.record("refused while it was good")
      return
    }
    _ = try await fixture.store.revokeToken("ci", by: .operatorAnna)
    #expect(try await other.decide(.sample(hash), isRecorded: true) == .refused(.revoked))
  }

  @Test func anAllowedChangeOfAServiceIsOnRecordBeforeTheAnswer() async throws {
    let fixture = try await Fixture.make()
    let hash = try await fixture.store.createToken(.sample("ci", [.operate]), by: .operatorAnna).secret.hash
    _ = try await make(fixture).decide(.sample(hash, .operate, action: "create-claim"), isRecorded: true)
    _ = try await make(fixture).decide(.sample(hash, .read), isRecorded: true)
    let entries = try await fixture.store.audit(.all, before: nil, limit: 50).items
    #expect(entries.map(\.action) == ["create-claim", "create-token"])
    #expect(entries.first?.principal == "token:ci")
    #expect(entries.first?.target == "claim:1")
    #expect(entries.first?.source == "192.0.2.1")
    #expect(entries.first?.outcome == "begun")
  }

  @Test func whatBecameOfAChangeIsOnRecordInTheNameOfItsToken() async throws {
    let fixture = try await Fixture.make()
    let hash = try await fixture.store.createToken(.sample("ci", [.operate]), by: .operatorAnna).secret.hash
    let authority = make(fixture)
    for problem in [nil, "invalid-body"] {
      _ = try await authority.decide(.sample(hash, .operate, action: "create-claim"), isRecorded: true)
      try await authority.conclude(.sample(hash, .operate, action: "create-claim"), problem: problem)
    }
    let entries = try await fixture.store.audit(.all, before: nil, limit: 4).items
    #expect(entries.map(\.outcome) == ["failed", "begun", "allowed", "begun"])
    #expect(entries.map(\.principal) == Array(repeating: "token:ci", count: 4))
    #expect(entries.first?.detail == #"{"reason": "invalid-body"}"#)
    // Nobody speaks for a token that there is not.
    await #expect(throws: RequestFailure.self) {
      try await authority.conclude(.sample(Self.nobodys, .operate, action: "create-claim"), problem: nil)
    }
  }

  @Test func whatWaitsToBeNotedIsOnRecordWhenTheProcessEnds() async throws {
    let fixture = try await Fixture.make()
    let authority = make(fixture)
    let peers = (0...20).map { BusPeer(.notifier, "notifier-\($0)") }
    @Sendable func refused() async throws -> Set<String> {
      Set(try await fixture.store.audit(.all, before: nil, limit: 50).items.map(\.principal))
    }
    try await running([authority]) {
      authority.noteDenial(of: peers[0], kind: "xtblish.v1.CreateToken")
      // So it runs, and has just written.
      try await eventually { try await refused() == ["\(peers[0])"] }
      for peer in peers.dropFirst() { authority.noteDenial(of: peer, kind: "xtblish.v1.CreateToken") }
    }
    #expect(try await refused() == Set(peers.map { "\($0)" }))
  }

  /// For what is no good: a good token is never refused for where it comes from, seen here before or not.
  @Test func tooManyFailuresOfOneSourceHaveToWait() async throws {
    let fixture = try await Fixture.make()
    let authority = make(fixture)
    let good = try await fixture.store.createToken(.sample("good"), by: .operatorAnna).secret.hash
    for _ in 0..<10 { _ = try await authority.decide(.sample(Self.nobodys), isRecorded: true) }
    let failure = await #expect(throws: RequestFailure.self) {
      try await authority.decide(.sample(Self.nobodys), isRecorded: true)
    }
    #expect(failure?.code == .overloaded)
    #expect(failure?.reason == "too-many-failed-attempts")
    #expect((1...60_001).contains(failure?.retryAfterMilliseconds ?? 0))
    for request in [RequestAuthority.Request.sample(good), .sample(good, source: "192.0.2.2")] {
      guard case .allowed = try await authority.decide(request, isRecorded: true) else {
        Issue.record("refused from \(request.source)")
        continue
      }
    }
  }

  @Test func repeatedRefusalsAreOneEntryWithTheirCount() async throws {
    let fixture = try await Fixture.make()
    let authority = make(fixture)
    for _ in 0..<10 { _ = try await authority.decide(.sample(Self.nobodys), isRecorded: true) }
    #expect(try await fixture.count("select count(*) from registry.audit") == 1)
    await authority.writeEverything()
    let entries = try await fixture.store.audit(.all, before: nil, limit: 50).items
    #expect(
      entries.map(\.detail) == [
        #"{"reason": "unknown-token", "repeats": 9}"#, #"{"reason": "unknown-token"}"#,
      ])
  }

  @Test func whatWasCountedIsWrittenAtShutdown() async throws {
    let fixture = try await Fixture.make()
    let authority = make(fixture)
    let hash = try await fixture.store.createToken(.sample(), by: .operatorAnna).secret.hash
    try await running([authority]) {
      for _ in 0..<3 { _ = try await authority.decide(.sample(Self.nobodys), isRecorded: true) }
      _ = try await authority.decide(.sample(hash), isRecorded: true)
    }
    #expect(try await fixture.count("select count(*) from registry.audit where detail ->> 'repeats' = '2'") == 1)
    #expect(try await fixture.store.tokens(before: nil, limit: 1).items.first?.lastUsedAt != nil)
  }

  @Test func withoutADatabaseNobodyIsLetIn() async throws {
    let server = try await PostgresServer()
    let fixture = try await Fixture.make(on: server, poolOptions: RegistryService.poolOptions(connections: 2))
    let hash = try await fixture.store.createToken(.sample(), by: .operatorAnna).secret.hash
    try await server.stop()
    let failure = await #expect(throws: WireFailure.self) {
      try await LocalAuthorizer(make(fixture)).authorize(
        token: PresentedToken(text: "", hash: hash), scope: .read, action: "", target: "", source: "192.0.2.1")
    }
    #expect(failure?.code == .unavailable || failure?.code == .overloaded)
  }
}

@Suite(.seated) struct RefusalTallyTests {
  private let start = ContinuousClock.now

  private func attempt(_ source: String = "192.0.2.1", principal: String = "token:ci") -> AuditRecord {
    AuditRecord("read", "", by: Requester(principal: principal, source: source))
  }

  @Test func theFirstIsWrittenAtOnceAndTheRestWithItsMinute() {
    var tally = RefusalTally()
    let first = tally.note(attempt(), reason: "missing-scope", now: start)
    #expect(first?.outcome == .refused)
    #expect(first?.detail == ["reason": .string("missing-scope")])
    for second in 1...5 {
      #expect(tally.note(attempt(), reason: "missing-scope", now: start + .seconds(second)) == nil)
    }
    #expect(tally.note(attempt(), reason: "unknown-token", now: start) != nil)
    #expect(tally.due(now: start + .seconds(59)).isEmpty)
    let due = tally.due(now: start + .seconds(60))
    #expect(due.map { $0.detail["repeats"] } == [.integer(5)])
    // A source that goes on makes an entry a minute, and one that stopped is forgotten.
    #expect(tally.note(attempt(), reason: "missing-scope", now: start + .seconds(61)) == nil)
    #expect(tally.due(now: start + .seconds(120)).map { $0.detail["repeats"] } == [.integer(1)])
    #expect(tally.due(now: start + .seconds(200)).isEmpty)
    #expect(tally.kindCount == 0)
  }

  @Test func aFloodFromManySourcesStaysBounded() {
    var tally = RefusalTally()
    var written = 0
    for number in 0..<50_000 {
      if tally.note(attempt("192.0.2.\(number)"), reason: "unknown-token", now: start) != nil { written += 1 }
    }
    #expect(tally.kindCount == RefusalTally.maximumKinds + 1)
    #expect(written == RefusalTally.maximumKinds + 1)
    let rest = tally.drain()
    #expect(rest.count == 1)
    #expect(rest.first?.requester.source == RefusalTally.manySources)
    #expect(rest.first?.detail["repeats"] == .integer(50_000 - Int64(written)))
  }
}
