import Authorization
import FoundationEssentials
import Foundations
import PostgreSQL
import RegistryStorage
import TestSupport
import Testing
import Wire

@testable import RegistryClient
@testable import RegistryDomain

extension Requester {
  static let operatorAnna = Requester(principal: "operator:anna", source: "bus")
}

extension NewToken {
  static func sample(
    _ name: String = "ci", _ scopes: [AccessScope] = [.deploy], lifetime: Duration? = nil
  ) throws -> NewToken {
    try NewToken(
      name: name, scopes: scopes.map(\.rawValue), lifetimeSeconds: UInt64(lifetime?.components.seconds ?? 0))
  }
}

@Suite(.seated) struct TokenTests {
  @Test func theDatabaseHasOnlyTheHash() async throws {
    let fixture = try await Fixture.make()
    let (token, secret) = try await fixture.store.createToken(.sample(), by: .operatorAnna)
    #expect(secret.text.hasPrefix("xtb_"))
    #expect(secret.text.utf8.count == 4 + 43)
    #expect(token.createdBy == "operator:anna")
    #expect("\(secret) \(String(reflecting: secret))".contains(secret.text) == false)
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!dumped.contains(secret.text))
    for table in ["tokens", "audit", "events"] {
      let rows = try await fixture.pool.query(
        table == "tokens"
          ? "select row_to_json(t)::text as row from registry.tokens t"
          : table == "audit"
            ? "select row_to_json(t)::text as row from registry.audit t"
            : "select row_to_json(t)::text as row from registry.events t")
      for row in rows { #expect(try !row["row"].text.contains(secret.text.dropFirst(4)), "\(table)") }
    }
    let found = try #require(try await fixture.store.presentedToken(hash: secret.hash))
    #expect(found.token == token)
    #expect(!found.isExpired)
  }

  @Test func aNameIsFreeAgainOnceItsTokenIsRevoked() async throws {
    let fixture = try await Fixture.make()
    let first = try await fixture.store.createToken(.sample(), by: .operatorAnna).token
    let failure = await #expect(throws: RequestFailure.self) {
      try await fixture.store.createToken(.sample(), by: .operatorAnna)
    }
    #expect(failure?.reason == "token-exists")
    let revoked = try await fixture.store.revokeToken("ci", by: .operatorAnna)
    #expect(revoked.id == first.id)
    // A repeat changes nothing.
    #expect(try await fixture.store.revokeToken("ci", by: .operatorAnna) == revoked)
    let second = try await fixture.store.createToken(.sample(), by: .operatorAnna).token
    #expect(second.id != first.id)
    #expect(try await fixture.store.revokeToken("ci", by: .operatorAnna).id == second.id)
    let unknown = await #expect(throws: RequestFailure.self) {
      try await fixture.store.revokeToken("cd", by: .operatorAnna)
    }
    #expect(unknown?.reason == "unknown-token")
    let audit = try await fixture.store.audit(.all, before: nil, limit: 50).items
    #expect(audit.map(\.action) == ["revoke-token", "create-token", "revoke-token", "create-token"])
  }

  @Test func racingMakersOfOneNameGetOneToken() async throws {
    let fixture = try await Fixture.make()
    let made = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<12 {
        group.addTask { (try? await fixture.store.createToken(.sample(), by: .operatorAnna)) != nil }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(made == 1)
    #expect(try await fixture.count("select count(*) from registry.audit") == 1)
  }

  @Test func newestFirstPageByPage() async throws {
    let fixture = try await Fixture.make()
    for number in 1...5 { _ = try await fixture.store.createToken(.sample("t\(number)"), by: .operatorAnna) }
    let first = try await fixture.store.tokens(before: nil, limit: 3)
    #expect(first.items.map(\.name) == ["t5", "t4", "t3"])
    let second = try await fixture.store.tokens(before: first.next, limit: 3)
    #expect(second.items.map(\.name) == ["t2", "t1"])
    #expect(second.next == nil)
  }

  @Test(arguments: [
    "", "CI", "a b", "a/b", "../x", "-a", "a-", ".a", "a\0", "ä", "a\n", "'; drop table registry.tokens --",
    String(repeating: "a", count: 64), String(repeating: "a", count: 1_000_000),
  ])
  func namesThatAreNone(_ name: String) {
    #expect(throws: RequestFailure.self) { try NewToken(name: name, scopes: ["read"], lifetimeSeconds: 0) }
  }

  @Test func scopesAndLifetimesThatAreNone() {
    for scopes in [[], ["root"], ["read", "write"], Array(repeating: "read", count: 5), [""]] {
      #expect(throws: RequestFailure.self) { try NewToken(name: "a", scopes: scopes, lifetimeSeconds: 0) }
    }
    #expect(throws: RequestFailure.self) { try NewToken(name: "a", scopes: ["read"], lifetimeSeconds: .max) }
    #expect(throws: Never.self) { try NewToken(name: "a", scopes: ["admin", "read"], lifetimeSeconds: 1) }
  }

  @Test func usesAreNotedAndNeverGoBack() async throws {
    let fixture = try await Fixture.make()
    let token = try await fixture.store.createToken(.sample(), by: .operatorAnna).token
    #expect(token.lastUsedAt == nil)
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    try await fixture.store.noteUse(of: [token.id: now])
    try await fixture.store.noteUse(of: [token.id: now - 60, Array(repeating: 9, count: 16): now])
    #expect(try await fixture.store.tokens(before: nil, limit: 1).items.first?.lastUsedAt == now)
  }
}
