import Foundation
import Hummingbird
import ServiceHTTP
import TestSupport
import Testing

/// Each gets its clear answer, and the server is well afterwards.
@Suite(.seated) struct HostileRequestTests {
  private static func routes(_ router: Router<HTTPContext>) {
    router.get("/ok") { _, _ in "fine" }
    router.get("/files/{name}") { _, context in try context.parameter("name") }
    router.post("/echo") { request, _ in
      let body = try await request.body.collect(upTo: .max)
      return "\(body.readableBytes)"
    }
  }

  @Test(
    arguments: [
      ("no HTTP at all", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\r\n\r\n", [400]),
      ("garbage", "asdf\r\n\r\n", [400]),
      ("a lower-case method", "get /ok HTTP/1.1\r\nHost: h\r\n\r\n", [400, 405]),
      ("no target", "GET  HTTP/1.1\r\nHost: h\r\n\r\n", [400]),
      ("another version", "GET /ok HTTP/9.9\r\nHost: h\r\n\r\n", [400, 505]),
      ("a header without a colon", "GET /ok HTTP/1.1\r\nHost h\r\n\r\n", [400]),
      ("a header name with a space", "GET /ok HTTP/1.1\r\nHo st: h\r\n\r\n", [400]),
      ("a control character in a header", "GET /ok HTTP/1.1\r\nHost: h\r\nX: a\u{1}b\r\n\r\n", [400]),
      ("a length that is no number", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: abc\r\n\r\n", [400]),
      ("a negative length", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n", [400]),
      (
        "a length beyond 64 bits", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        [400]
      ),
      (
        "two lengths", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", [400]
      ),
      (
        "a length and chunks",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]
      ),
      (
        "a chunk size that is no number",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n", [400]
      ),
      (
        "a chunk size beyond all bounds",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", [400, 413]
      ),
      (
        "an unknown expectation",
        "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: wonders\r\nContent-Length: 1\r\n\r\na",
        [417]
      ),
      ("a connect", "CONNECT example.com:443 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", [400, 404, 405]),
      ("a star", "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", [400, 404]),
    ] as [(String, String, [Int])])
  func malformed(_ name: String, _ bytes: String, _ expected: [Int]) async throws {
    try await withServer(routes: Self.routes) { port in
      let response = try exchange(port, bytes)
      #expect(expected.contains(response.status) && response.isProblem, "\(name): \(response)")
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test(arguments: [
    "/files/%", "/files/%1", "/files/%zz", "/files/%00", "/files/a%2fb", "/files/a%2Fb", "/files/a%5cb", "/files/%ff",
    "/files/%c0%ae", "/files/%e2%82", "/files/..", "/files/%2e%2e", "/files/%2E%2e/ok", "/./ok", "/files/a%0ab",
    "/files/%7f", "/ok?%", "/ok?a=%fe",
  ])
  func trapsInPaths(_ target: String) async throws {
    try await withServer(routes: Self.routes) { port in
      let response = try get(port, target)
      #expect(response.status == 400 && response.isProblem, "\(response)")
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test func pathsThatAreNotUTF8() async throws {
    try await withServer(routes: Self.routes) { port in
      for bytes: [UInt8] in [[0xFF], [0xC3, 0x28], [0xE9], [0x80]] {
        let response = try exchange(
          port, Array("GET /files/".utf8) + bytes + Array(" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8))
        #expect(response.status == 400 && response.isProblem)
      }
      #expect(try get(port, "/files/%C3%BC%20x").body == "ü x")
    }
  }

  @Test func overlongTargetsAndHeaders() async throws {
    try await withServer(routes: Self.routes) { port in
      let target = try get(port, "/files/" + String(repeating: "a", count: 9_000))
      #expect(target.status == 414 && target.isProblem)
      let huge = try get(port, "/files/" + String(repeating: "a", count: 1 << 20))
      #expect(huge.status == 414 || huge.status == 431)
      #expect(huge.isProblem)
      let field = try get(port, "/ok", headers: "X: \(String(repeating: "a", count: 100_000))\r\n")
      #expect(field.status == 431 && field.isProblem)
      let many = try get(port, "/ok", headers: (0..<500).map { "X\($0): a\r\n" }.joined())
      #expect(many.status == 431 && many.isProblem)
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test func garbageAfterARequestIsAnsweredAfterItsResponse() async throws {
    try await withServer(routes: Self.routes) { port in
      let client = try RawTCPClient(port: port)
      try client.send("GET /ok HTTP/1.1\r\nHost: h\r\n\r\nNONSENSE\r\n\r\n")
      let text = String(decoding: try client.receiveToEnd(), as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(text.contains("fineHTTP/1.1 400 Bad Request\r\n"), "\(text)")
      #expect(text.contains("application/problem+json"))
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
    try await withServer(routes: Self.routes) { port in
      let client = try RawTCPClient(port: port)
      let requests = (0..<20).map { "GET /files/\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
      try client.send(requests + "GET /files/last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      let text = String(decoding: try client.receiveToEnd(), as: UTF8.self)
      let bodies = text.components(separatedBy: "\r\n\r\n").dropFirst().map {
        $0.components(separatedBy: "HTTP/1.1")[0]
      }
      #expect(bodies == (0..<20).map(String.init) + ["last"])
    }
  }

  @Test func resetsInEveryStateLeaveTheServerWell() async throws {
    try await withServer(routes: Self.routes) { port in
      for part in [
        "", "GET", "GET /ok HTTP/1.1\r\n", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc",
      ] {
        for _ in 0..<20 {
          let client = try RawTCPClient(port: port)
          try client.send(part)
          client.reset()
        }
      }
      #expect(try get(port, "/ok").body == "fine")
    }
  }
}
