import Authorization
import Foundation
import Hummingbird
import ServiceHTTP
import ServiceKit
import Synchronization
import TestSupport
import Testing
import Wire

@Suite(.seated) struct AccessControlTests {
  /// A server with a route to read and one to change things.
  private func with<T: Sendable>(
    _ authorizer: ScriptedAuthorizer, limiter: AttemptLimiter = AttemptLimiter(),
    _ body: (Int) async throws -> T
  ) async throws -> T {
    let access = AccessControl(authorizer: authorizer, limiter: limiter)
    return try await withServer(
      routes: { router in
        router.group().add(middleware: access.requiring(.read)).get("/things") { _, context in context.principal.name }
        router.group()
          .add(
            middleware: access.requiring(
              .operate, action: "change-thing", target: { "thing:\(try $0.parameter("id"))" })
          )
          .post("/things/{id}") { request, context in
            let body = try await request.body.collect(upTo: 1_024)
            return "\(context.principal.name) \(context.wireRequester.principal) \(body.readableBytes)"
          }
        router.get("/open") { _, context in "\(context.principal.name) \(context.principal.scopes.count)" }
      }, body)
  }

  private func token(_ text: String) -> String { "Authorization: Bearer \(text)\r\n" }

  @Test func withoutATokenThereIsAChallenge() async throws {
    let authorizer = ScriptedAuthorizer()
    try await with(authorizer) { port in
      let response = try get(port, "/things")
      #expect(response.status == 401 && response.isProblem)
      #expect(response.json["reason"] as? String == "missing-token")
      #expect(response.headers["www-authenticate"] == "Bearer realm=\"xtblish\"")
      #expect(authorizer.questions.isEmpty)
      // What asks for nothing stays open, and knows nobody.
      #expect(try get(port, "/open").body == "anonymous 0")
    }
  }

  @Test(arguments: [RefusedToken.unknown, .expired, .revoked]) func tokensThatAreNotTakenAreToldWhy(
    reason: RefusedToken
  ) async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.refuse("bad", reason)
    try await with(authorizer) { port in
      let response = try get(port, "/things", headers: token("bad"))
      #expect(response.status == 401 && response.isProblem)
      #expect(response.json["reason"] as? String == reason.rawValue)
      #expect(response.headers["www-authenticate"]?.contains("error=\"invalid_token\"") == true)
      #expect(!response.body.contains("bad"))
    }
  }

  @Test func aScopeIncludesThoseBelowAndNoneAbove() async throws {
    let authorizer = ScriptedAuthorizer()
    for scope in AccessScope.allCases { try authorizer.add(scope.rawValue, [scope]) }
    try await with(authorizer) { port in
      for scope in AccessScope.allCases {
        #expect(try get(port, "/things", headers: token(scope.rawValue)).status == 200)
        let change = try post(port, "/things/7", "{}", headers: token(scope.rawValue))
        if scope >= .operate {
          #expect(change.body == "token:\(scope.rawValue) token:\(scope.rawValue) 2")
        } else {
          #expect(change.status == 403 && change.json["reason"] as? String == "missing-scope")
          #expect(change.headers["www-authenticate"]?.contains("scope=\"operate\"") == true)
        }
      }
    }
  }

  @Test func theAuthorizerIsToldWhatIsDoneToWhat() async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.add("good", [.admin])
    try await with(authorizer) { port in
      _ = try post(port, "/things/a%20b", "{}", headers: token("good"))
      #expect(
        authorizer.questions == [
          .init(scope: .operate, action: "change-thing", target: "thing:a b", source: "127.0.0.1")
        ])
    }
  }

  @Test func readsAreAskedForOnceInAWhileAndChangesAlways() async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.add("good", [.operate], validity: .seconds(60))
    try authorizer.add("each", [.operate])
    try await with(authorizer) { port in
      for _ in 0..<5 { #expect(try get(port, "/things", headers: token("good")).status == 200) }
      #expect(authorizer.questions.count == 1)
      for _ in 0..<3 { #expect(try post(port, "/things/1", "{}", headers: token("good")).status == 200) }
      #expect(authorizer.questions.count == 4)
      for _ in 0..<3 { #expect(try get(port, "/things", headers: token("each")).status == 200) }
      #expect(authorizer.questions.count == 7)
      // However long the answer was good for, a token that is revoked ends in seconds.
      try authorizer.refuse("good", .revoked)
      try await eventually("the revoked token ends") { try get(port, "/things", headers: token("good")).status == 401 }
    }
  }

  /// Whether the token or what comes after it finds the database as it is: the client hears the same.
  @Test func whatTheRegistrySaysOfItsDatabaseIsTold() async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.add("good", [.admin])
    authorizer.state.withLock {
      $0.failure = WireFailure(
        .unavailable, reason: "database-read-only", message: "it takes no changes", retryAfterMilliseconds: 1000)
    }
    try await with(authorizer) { port in
      let response = try get(port, "/things", headers: token("good"))
      #expect(response.status == 503 && response.isProblem && response.headers["retry-after"] == "1")
      #expect(response.json["reason"] as? String == "database-read-only")
    }
  }

  @Test func aRegistryThatCannotBeAskedIsNoPermission() async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.add("good", [.admin])
    for code in [WireFailure.Code.unavailable, .deadlineExceeded, .internal, .overloaded] {
      authorizer.state.withLock {
        $0.failure = WireFailure(code, reason: "x", message: "y", retryAfterMilliseconds: 1000)
      }
      try await with(authorizer) { port in
        let response = try get(port, "/things", headers: token("good"))
        #expect(response.status == 503 && response.isProblem)
        #expect(response.json["reason"] as? String == "authorization-unavailable")
        #expect(response.headers["retry-after"] != nil)
      }
    }
  }

  @Test func failedAttemptsOfAnAddressAreBounded() async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.add("good", [.read])
    try await with(authorizer) { port in
      #expect(try get(port, "/things", headers: token("good")).status == 200)
      for attempt in 0..<10 { #expect(try get(port, "/things", headers: token("guess\(attempt)")).status == 401) }
      let response = try get(port, "/things", headers: token("guess10"))
      #expect(response.status == 429 && response.isProblem)
      #expect((Int(response.headers["retry-after"] ?? "") ?? 0) >= 1)
      // Who is good is not locked out by others behind the same address, known here or not.
      #expect(try get(port, "/things", headers: token("good")).status == 200)
      try authorizer.add("new", [.read])
      #expect(try get(port, "/things", headers: token("new")).status == 200)
      // Without a token nothing is guessed.
      #expect(try get(port, "/things").status == 401)
    }
  }

  @Test func aMissingScopeIsNoGuess() async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.add("reader", [.read])
    try await with(authorizer) { port in
      for _ in 0..<15 {
        let response = try post(port, "/things/1", "{}", headers: token("reader"))
        #expect(response.status == 403)
      }
    }
  }

  @Test(arguments: [
    "Authorization: Basic YTpi\r\n", "Authorization: Bearer\r\n", "Authorization: Bearer a b\r\n",
    "Authorization: Bearer good\r\nAuthorization: Bearer good\r\n", "Authorization: Bearer good, Bearer good\r\n",
    "Authorization: Bearer \(String(repeating: "a", count: 513))\r\n", "Authorization: good\r\n",
  ])
  func headersOfAnotherFormAreRefused(header: String) async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.add("good", [.admin])
    try await with(authorizer) { port in
      let response = try get(port, "/things", headers: header)
      #expect(response.status == 401 && response.isProblem, "\(response)")
      #expect(authorizer.questions.isEmpty)
    }
  }

  /// A client that asks first whether its body is wanted is not told so before it is known who it is.
  @Test func aBodyIsNotAskedForBeforeItIsKnownWhoseItIs() async throws {
    let authorizer = ScriptedAuthorizer()
    try await with(authorizer) { port in
      let client = try RawTCPClient(port: port)
      try client.send("POST /things/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
      let response = try RawResponse(client.receiveToEnd())
      #expect(response.status == 401 && response.headers["connection"] == "close")
    }
  }

  @Test func withoutAnAuthorizerEverythingIsOpen() async throws {
    try await withServer(routes: { router in
      router.group().add(middleware: AccessControl.open.requiring(.admin, action: "a")).get("/all") { _, context in
        context.principal.name
      }
    }) { port in
      let response = try get(port, "/all")
      #expect(response.body == "anonymous")
    }
  }

  @Test func theLogHearsWhatBecameOfIt() async throws {
    let authorizer = ScriptedAuthorizer()
    try authorizer.add("good", [.operate])
    let access = AccessControl(authorizer: authorizer)
    try await withServer(routes: { router in
      router.group().add(middleware: access.requiring(.operate, action: "change-thing")).post("/things") { request, _ in
        try Response.json(try await request.decodeJSON([String: String].self))
      }
      router.group().add(middleware: access.requiring(.operate, action: "noted-thing", isEffectNoted: true))
        .post("/noted") { request, _ in try Response.json(try await request.decodeJSON([String: String].self)) }
    }) { port in
      for (path, body, status) in [
        ("/things", "{}", 200), ("/things", "{\"a\":\"b\",}", 400), ("/noted", "{}", 200), ("/noted", "[", 400),
      ] {
        let response = try post(port, path, body, headers: token("good"))
        #expect(response.status == status, "\(response)")
      }
      #expect(
        authorizer.conclusions == [
          "change-thing done", "change-thing invalid-body", "noted-thing invalid-body",
        ])
    }
  }
}
