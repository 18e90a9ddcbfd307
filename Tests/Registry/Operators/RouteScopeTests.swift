import Authorization
import Curl
import HTTPTypes
import Hummingbird
import OpenSSL
import PostgreSQL
import ServiceHTTP
import ServiceKit
import TestSupport
import Testing
import TextFormats
import Wire

@testable import RegistryAuthority
@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryHTTP
@testable import RegistryStorage

/// What each route takes, tried over HTTP with tokens of every scope.
@Suite(.seated) struct RouteScopeTests {
  /// Every route stands here, or the tests fail. Nil: open to everybody.
  private static let scopes: [String: AccessScope?] = [
    "GET /openapi.json": nil,
    "GET /v1/devices": .read, "GET /v1/devices/{id}": .read, "GET /v1/devices/{id}/firmware": .read,
    "GET /v1/devices/{id}/events": .read, "GET /v1/devices/{id}/logs": .read, "GET /v1/devices/{id}/crashes": .read,
    "GET /v1/events": .read, "GET /v1/crashes": .read, "GET /v1/crashes/{number}": .read,
    "GET /v1/devices/{id}/firmware/{version}/trace": .read,
    "POST /v1/devices/{id}/firmware/retry": .deploy,
    "POST /v1/devices": .operate, "PATCH /v1/devices/{id}": .operate, "DELETE /v1/devices/{id}": .operate,
    "POST /v1/devices/{id}/decommission": .operate,
    "GET /v1/tokens": .admin, "POST /v1/tokens": .admin, "DELETE /v1/tokens/{name}": .admin, "GET /v1/audit": .admin,
  ]

  private static func routes() throws -> [String] {
    let pool = try PostgresPool(url: "postgresql://127.0.0.1:1/none", maximumConnections: 1, logger: .quiet)
    let router = makeRouter()
    RegistryRoutes(store: RegistryStore(pool: pool), control: .open).add(to: router)
    // The router answers HEAD as GET, through the same guard.
    return router.routes.map { "\($0.method.rawValue) \($0.path)" }.filter { !$0.hasPrefix("HEAD ") }
  }

  @Test func everyRouteHasItsScope() throws {
    #expect(try Set(Self.routes()) == Set(Self.scopes.keys))
  }

  private func serving(
    _ fixture: Fixture, _ body: @Sendable @escaping (HTTPFixture) async throws -> Void
  ) async throws {
    let authority = RequestAuthority(
      store: fixture.store, limiter: AttemptLimiter(attempts: 1_000_000), logger: .quiet)
    let control = AccessControl(
      authorizer: LocalAuthorizer(authority), limiter: AttemptLimiter(attempts: 1_000_000))
    try await HTTPFixture.serving(fixture.store, control: control, body)
  }

  private static func target(_ route: String) -> (method: String, path: String) {
    let parts = route.split(separator: " ")
    let path = parts[1].replacing("{id}", with: "7d444840-9dc0-11d1-b245-5ffdce74fad2")
      .replacing("{number}", with: "1").replacing("{version}", with: "1").replacing("{name}", with: "nobodys")
    return (String(parts[0]), String(path))
  }

  @Test func eachOpensWithItsScopeAndThoseAboveAlone() async throws {
    let fixture = try await Fixture.make()
    var tokens: [AccessScope: String] = [:]
    for scope in AccessScope.allCases {
      tokens[scope] = try await fixture.store.createToken(
        .sample(scope.rawValue, [scope]), by: .operatorAnna
      ).secret.text
    }
    let all = tokens
    try await serving(fixture) { http in
      for (route, needed) in Self.scopes {
        for method in [Self.target(route).method] + (route.hasPrefix("GET") ? ["HEAD"] : []) {
          let path = Self.target(route).path
          let bare = try await http.send(method, path)
          guard let needed else {
            #expect(bare.status == 200, "\(route)")
            continue
          }
          #expect(bare.status == 401, "\(method) \(route)")
          #expect(bare["WWW-Authenticate"]?.hasPrefix("Bearer") == true, "\(route)")
          for (held, token) in all {
            let response = try await http.send(method, path, token: token)
            if held >= needed {
              #expect(![401, 403].contains(response.status), "\(route) with \(held): \(response.status)")
            } else {
              #expect(response.status == 403, "\(method) \(route) with \(held): \(response.status)")
              if method != "HEAD" { #expect(response[field: "reason"] == .string("missing-scope"), "\(route)") }
            }
          }
        }
      }
    }
    #expect(try await fixture.count("select count(*) from registry.devices") == 0)
    #expect(try await fixture.count("select count(*) from registry.tokens") == 4)
  }

  @Test func tokensThatAreNoneOpenNothing() async throws {
    let fixture = try await Fixture.make()
    let good = try await fixture.store.createToken(.sample("good", [.admin]), by: .operatorAnna).secret.text
    let revoked = try await fixture.store.createToken(.sample("revoked", [.admin]), by: .operatorAnna).secret.text
    _ = try await fixture.store.revokeToken("revoked", by: .operatorAnna)
    let hash = try SHA256.digest(of: Array(good.utf8)).map { String($0, radix: 16) }.joined()
    let bad = [
      revoked, hash, String(good.dropLast()), good + "A", good.uppercased(), "xtb_", "xtb_' or 1=1 --",
      "xtb_" + String(repeating: "A", count: 43), String(repeating: "A", count: 500), good + "," + good,
      "Basic " + good, good + " " + good,
    ]
    try await serving(fixture) { http in
      #expect(try await http.send("GET", "/v1/tokens", token: good).status == 200)
      for token in bad {
        for (method, path) in [("GET", "/v1/devices"), ("GET", "/v1/tokens"), ("DELETE", "/v1/tokens/good")] {
          let response = try await http.send(method, path, token: token)
          #expect(response.status == 401, "\(token.prefix(20)): \(response.status)")
          #expect(token.count < 9 || !response.text.contains(token.dropFirst(4)), "the answer repeats a secret")
        }
      }
      #expect(try await http.send("GET", "/v1/tokens", token: good).status == 200)
    }
    let secrets = [good, revoked].map { String($0.dropFirst(4)) }
    for row in try await fixture.pool.query("select row_to_json(a)::text as row from registry.audit a") {
      for secret in secrets { #expect(try !row["row"].text.contains(secret)) }
    }
  }

  /// Two replicas, two HTTP servers: what one revoked the other refuses soon.
  @Test func aRevokedTokenOpensNoReplica() async throws {
    let fixture = try await Fixture.make()
    let admin = try await fixture.store.createToken(.sample("admin", [.admin]), by: .operatorAnna).secret.text
    let token = try await fixture.store.createToken(.sample("ci", [.read]), by: .operatorAnna).secret.text
    let replica = Fixture(url: fixture.url, pool: fixture.pool, store: try fixture.replica())
    try await serving(fixture) { one in
      try await serving(replica) { other in
        #expect(try await other.send("GET", "/v1/devices", token: token).status == 200)
        let revoked = try await one.send("DELETE", "/v1/tokens/ci", token: admin)
        #expect(revoked.status == 200)
        try await eventually("the other replica refuses the token") {
          try await other.send("GET", "/v1/devices", token: token).status == 401
        }
      }
    }
  }

  @Test func refusedAttemptsAndChangesNameTheirSource() async throws {
    let fixture = try await Fixture.make()
    let token = try await fixture.store.createToken(.sample("ci", [.operate]), by: .operatorAnna).secret.text
    try await serving(fixture) { http in
      let made = try await http.send("POST", "/v1/devices", #"{"name":"pump"}"#, token: token)
      #expect(made.status == 201)
      #expect(
        try await http.send("POST", "/v1/tokens", #"{"name":"x","scopes":["admin"]}"#, token: token).status == 403)
      #expect(try await http.send("GET", "/v1/devices", token: "xtb_guess").status == 401)
    }
    let entries = try await fixture.store.audit(.all, before: nil, limit: 3).items
    #expect(entries.map(\.outcome) == ["refused", "refused", "allowed"])
    #expect(entries.map(\.principal) == ["anonymous", "token:ci", "token:ci"])
    #expect(entries.map(\.action) == ["read", "create-token", "create-device"])
    #expect(entries.map(\.source) == ["127.0.0.1", "127.0.0.1", "127.0.0.1"])
  }

  @Test func anAddressThatGuessesIsToldToWait() async throws {
    let fixture = try await Fixture.make()
    let authority = RequestAuthority(store: fixture.store, logger: .quiet)
    try await HTTPFixture.serving(
      fixture.store, control: AccessControl(authorizer: LocalAuthorizer(authority))
    ) { http in
      for number in 0..<10 {
        #expect(try await http.send("GET", "/v1/devices", token: "xtb_guess\(number)").status == 401)
      }
      let response = try await http.send("GET", "/v1/devices", token: "xtb_guess")
      #expect(response.status == 429)
      #expect(response["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
    }
  }
}

@Suite(.seated) struct TokenRouteTests {
  @Test func aTokensWholeLife() async throws {
    let fixture = try await Fixture.make()
    try await HTTPFixture.serving(fixture.store) { http in
      let made = try await http.send(
        "POST", "/v1/tokens", #"{"name":"ci","scopes":["read","deploy"],"lifetimeSeconds":3600}"#)
      #expect(made.status == 201)
      #expect(made["Cache-Control"] == "no-store")
      #expect(made[field: "secret"]?.string?.hasPrefix("xtb_") == true)
      #expect(made[field: "token"]?["scopes"] == .array([.string("read"), .string("deploy")]))
      #expect(made[field: "token"]?["expiresAt"] != nil)
      let again = try await http.send("POST", "/v1/tokens", #"{"name":"ci","scopes":["read"]}"#)
      #expect(again.status == 409)
      #expect(again[field: "reason"] == .string("token-exists"))
      let listed = try await http.get("/v1/tokens")
      #expect(listed[field: "tokens"]?.items.map { $0["name"] } == [.string("ci")])
      #expect(!listed.text.contains("secret"))
      for _ in 0..<2 {
        let revoked = try await http.send("DELETE", "/v1/tokens/ci")
        #expect(revoked.status == 200)
        #expect(revoked[field: "revokedAt"] != nil)
      }
      #expect(try await http.send("DELETE", "/v1/tokens/cd").status == 404)
      let audit = try await http.get("/v1/audit?action=revoke-token&target=token:ci")
      #expect(audit[field: "entries"]?.items.count == 1)
    }
  }

  @Test(arguments: [
    ("POST", "/v1/tokens", #"{"scopes":["read"]}"#), ("POST", "/v1/tokens", #"{"name":"a"}"#),
    ("POST", "/v1/tokens", #"{"name":"a","scopes":[]}"#), ("POST", "/v1/tokens", #"{"name":"a","scopes":["root"]}"#),
    ("POST", "/v1/tokens", #"{"name":"a","scopes":"read"}"#),
    ("POST", "/v1/tokens", #"{"name":"A b","scopes":["read"]}"#),
    ("POST", "/v1/tokens", #"{"name":"a","scopes":["read"],"lifetimeSeconds":-1}"#),
    ("POST", "/v1/tokens", #"{"name":"a","scopes":["read"],"lifetimeSeconds":99999999999}"#),
    ("POST", "/v1/tokens", #"{"name":"a","scopes":["read"],"id":"x"}"#),
    ("DELETE", "/v1/tokens/%27%3B%20drop%20table", ""), ("DELETE", "/v1/tokens/..%2F..", ""),
    ("GET", "/v1/audit?since=yesterday", ""), ("GET", "/v1/audit?principal=a%00b", ""),
    ("GET", "/v1/audit?limit=501", ""), ("GET", "/v1/audit?cursor=x", ""), ("GET", "/v1/audit?order=1", ""),
    ("GET", "/v1/audit?since=0001-01-01T00:00:00Z", ""), ("GET", "/v1/tokens?cursor=%27", ""),
  ])
  func whatIsWrongIsToldSo(_ method: String, _ path: String, _ body: String) async throws {
    let fixture = try await Fixture.make()
    try await HTTPFixture.serving(fixture.store) { http in
      let response =
        body.isEmpty ? try await http.send(method, path) : try await http.send(method, path, body)
      #expect(response.status == 400, "\(response.text)")
      #expect(response["Content-Type"] == "application/problem+json")
    }
    #expect(try await fixture.count("select count(*) from registry.tokens") == 0)
  }

  @Test func aDeviceIsTakenOutOfService() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    try await HTTPFixture.serving(fixture.store) { http in
      let path = "/v1/devices/\(device)/decommission"
      #expect(try await http.send("POST", path, "{}").status == 400)
      let done = try await http.send("POST", path, #"{"reason":"scrapped"}"#)
      #expect(done.status == 200)
      #expect(done[field: "state"] == .string("decommissioned"))
      #expect(try await http.get("/v1/devices").text == #"{"devices":[]}"#)
      let listed = try await http.get("/v1/devices?state=decommissioned")
      #expect(listed[field: "devices"]?.items.count == 1)
      let retried = try await http.send("POST", "/v1/devices/\(device)/firmware/retry")
      #expect(retried.status == 409)
      #expect(retried[field: "reason"] == .string("device-decommissioned"))
    }
  }
}
