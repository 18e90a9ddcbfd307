import Hummingbird
import Logging
import ServiceHTTP
import ServiceKit
import Synchronization
import TestSupport
import Testing
import Wire

@Suite(.seated) struct ProblemTests {
  private struct Secret: Error, CustomStringConvertible {
    let description = "password is hunter2"
  }

  private struct Device: Codable {
    let name: String
    let tags: [String]
    let port: Int
  }

  private static func routes(_ router: Router<HTTPContext>) {
    router.get("/devices/{id}") { _, context in try Response.json(["id": context.parameter("id")]) }
    router.delete("/devices/{id}") { _, _ in Response(status: .noContent) }
    router.post("/devices") { request, _ in try Response.json(try await request.decodeJSON(Device.self)) }
    router.get("/http-error") { _, _ -> Response in throw HTTPError(.conflict, message: "already there") }
    router.get("/bare-status") { _, _ in Response(status: .forbidden) }
    router.get("/secret") { _, _ -> Response in throw Secret() }
    router.get("/problem") { _, _ -> Response in
      throw ProblemError(.conflict, reason: "name-taken", detail: "choose another", members: ["name": .text("x")])
    }
    router.get("/wire/{code}") { _, context -> Response in
      let code = WireFailure.Code(rawValue: Int(try context.parameter("code")) ?? 0) ?? .unspecified
      throw WireFailure(code, reason: "some-reason", message: "so it is", retryAfterMilliseconds: 2_500)
    }
    router.get("/query") { request, _ in
      let query = try QueryParameters(request, known: ["limit", "name"])
      return try Response.json([
        "limit": String(query.integer("limit", in: 1...100, default: 20)), "name": query["name"] ?? "-",
      ])
    }
  }

  @Test func everyErrorIsAProblemDocument() async throws {
    try await withServer(routes: Self.routes) { port in
      let cases: [(String, Int, String)] = [
        ("/http-error", 409, "already there"), ("/bare-status", 403, "403"), ("/problem", 409, "choose another"),
        ("/nothing", 404, "/nothing"), ("/devices", 405, "POST"), ("/devices/1/2", 404, ""),
      ]
      for (path, status, detail) in cases {
        let response = try get(port, path)
        #expect(response.status == status && response.isProblem, "\(path): \(response)")
        #expect((response.json["detail"] as? String)?.contains(detail) == true, "\(path): \(response)")
        #expect(
          response.json["instance"] as? String == "urn:xtblish:request:\(response.headers["x-request-id"] ?? "?")")
      }
      let named = try get(port, "/problem").json
      #expect(named["type"] as? String == "urn:xtblish:problem:name-taken")
      #expect(named["reason"] as? String == "name-taken" && named["name"] as? String == "x")
    }
  }

  @Test func methodsAreTold() async throws {
    try await withServer(routes: Self.routes) { port in
      let wrong = try get(port, "/devices/1", method: "PATCH")
      #expect(wrong.status == 405 && wrong.isProblem)
      #expect(wrong.headers["allow"] == "DELETE, GET, HEAD, OPTIONS")
      let odd = try get(port, "/devices/1", method: "BREW")
      #expect(odd.status == 405 || odd.status == 400)
      let options = try get(port, "/devices/1", method: "OPTIONS")
      #expect(options.status == 204 && options.headers["allow"] == "DELETE, GET, HEAD, OPTIONS")
      let head = try get(port, "/devices/1", method: "HEAD")
      #expect(head.status == 200 && head.body.isEmpty)
      let missing = try get(port, "/nothing", method: "HEAD")
      #expect(missing.status == 404 && missing.body.isEmpty)
    }
  }

  @Test func failuresOfTheBusAreMapped() async throws {
    try await withServer(routes: Self.routes) { port in
      let expected: [(WireFailure.Code, Int)] = [
        (.invalid, 400), (.notFound, 404), (.conflict, 409), (.overloaded, 503), (.deadlineExceeded, 504),
        (.unavailable, 503), (.unsupported, 501), (.internal, 502), (.permissionDenied, 403),
      ]
      for (code, status) in expected {
        let response = try get(port, "/wire/\(code.rawValue)")
        #expect(response.status == status && response.isProblem, "\(code)")
        #expect(response.json["reason"] as? String == "some-reason")
        #expect(response.headers["retry-after"] == "3")
      }
    }
  }

  @Test func unexpectedErrorsTellAReferenceAndNothingElse() async throws {
    let lines = Mutex("")
    let logger = Logger(label: "test") { label in
      ServiceLogHandler(label: label, level: .info, format: .text) { line in lines.withLock { $0 += line } }
    }
    try await withServer(logger: logger, routes: Self.routes) { port in
      let response = try get(port, "/secret")
      #expect(response.status == 500 && response.isProblem)
      #expect(!response.body.contains("hunter2"))
      let reference = try #require(response.json["reference"] as? String)
      #expect(reference == response.headers["x-request-id"])
      let log = lines.withLock { $0 }
      let line = try #require(log.split(separator: "\n").first { $0.contains("request=\(reference)") })
      #expect(line.contains("hunter2") && line.contains("route=/secret") && line.contains("status=500"))
    }
  }

  @Test(arguments: [
    (#"{"name": "a", "tags": []}"#, "port", "missing"), (#"{"name": 5, "tags": [], "port": 1}"#, "name", "a text"),
    (#"{"name": "a", "tags": ["x", 5], "port": 1}"#, "tags[1]", "a text"),
    (#"{"name": "a", "tags": [], "port": "1"}"#, "port", "a whole number"),
    (#"{"name": null, "tags": [], "port": 1}"#, "name", ""), ("[]", "", ""), ("{", "", "line 1, column 2"),
    ("", "", "empty"),
    (String(repeating: "[", count: 100_000), "", ""), ("{\"name\": \"\u{0}\"", "", ""),
  ])
  func badBodiesNameTheField(_ body: String, _ field: String, _ detail: String) async throws {
    try await withServer(routes: Self.routes) { port in
      let response = try post(port, "/devices", body)
      #expect(response.status == 400 && response.isProblem, "\(response)")
      #expect(response.json["field"] as? String ?? "" == field, "\(response)")
      #expect((response.json["detail"] as? String)?.contains(detail) == true, "\(response)")
    }
  }

  @Test func goodBodiesAreTakenAndOtherTypesRefused() async throws {
    try await withServer(routes: Self.routes) { port in
      let body = #"{"name": "a", "tags": ["t"], "port": 1}"#
      let response = try post(port, "/devices", body, headers: "Content-Type: application/json; charset=utf-8\r\n")
      #expect(response.body == #"{"name":"a","port":1,"tags":["t"]}"#)
      let form = try post(port, "/devices", body, headers: "Content-Type: text/html\r\n")
      #expect(form.status == 415 && form.isProblem)
    }
  }

  @Test func queriesAreStrict() async throws {
    try await withServer(routes: Self.routes) { port in
      #expect(try get(port, "/query?limit=5&name=a%20b+c").body == #"{"limit":"5","name":"a b c"}"#)
      #expect(try get(port, "/query").body == #"{"limit":"20","name":"-"}"#)
      for bad in ["limit=0", "limit=x", "limit=1&limit=2", "lmit=1", "name=%zz", "name=%ff", "%ff=1"] {
        let response = try get(port, "/query?\(bad)")
        #expect(response.status == 400 && response.isProblem, "\(bad)")
      }
    }
  }

  @Test func requestsKeepTheirNames() async throws {
    try await withServer(routes: Self.routes) { port in
      #expect(try get(port, "/query", headers: "X-Request-Id: abc-1\r\n").headers["x-request-id"] == "abc-1")
      let replaced = try get(port, "/query", headers: "X-Request-Id: a b\"c\r\n").headers["x-request-id"]
      #expect(replaced?.utf8.count == 16)
    }
  }
}
