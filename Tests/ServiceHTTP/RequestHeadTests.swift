import Foundation
import Hummingbird
import ServiceHTTP
import Synchronization
import TestSupport
import Testing

/// What two readers might understand in two ways, sent as bytes: each has one right answer, and afterwards the server is
/// well and its memory as it was.
@Suite(.seated) struct RequestHeadTests {
  private static func routes(_ router: Router<HTTPContext>) {
    router.get("/ok") { _, _ in "fine" }
    router.post("/echo") { request, _ in
      let body = try await request.body.collect(upTo: .max)
      return "\(body.readableBytes)"
    }
    router.post("/ignores") { _, _ in "did not look" }
  }

  private static let post = "POST /echo HTTP/1.1\r\nHost: h\r\n"

  @Test(
    arguments: [
      ("no Host", "GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n", [400]),
      ("two Hosts", "GET /ok HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400]),
      ("the same Host twice", "GET /ok HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", [400]),
      ("an empty Host", "GET /ok HTTP/1.1\r\nHost:\r\n\r\n", [400]),
      ("a Host with a path", "GET /ok HTTP/1.1\r\nHost: a/b\r\n\r\n", [400]),
      ("a Host with a user", "GET /ok HTTP/1.1\r\nHost: u@a\r\n\r\n", [400]),
      ("a Host with a space", "GET /ok HTTP/1.1\r\nHost: a b\r\n\r\n", [400]),
      ("a Host with a bad port", "GET /ok HTTP/1.1\r\nHost: a:b\r\n\r\n", [400]),
      ("an unknown coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", [501]),
      ("an unknown coding alone", post + "Transfer-Encoding: gzip\r\n\r\n", [400, 501]),
      (
        "two codings in two fields", post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        [501]
      ),
      ("chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", [400]),
      ("chunked and more", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", [400, 501]),
      ("chunked in 1.0", "POST /echo HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
      ("chunks and a length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", [400]),
      ("a length and chunks", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
      ("2^63", post + "Content-Length: 9223372036854775808\r\n\r\nabc", [413]),
      ("2^64-1", post + "Content-Length: 18446744073709551615\r\n\r\nabc", [400, 413]),
      ("2^64", post + "Content-Length: 18446744073709551616\r\n\r\nabc", [400, 413]),
      ("2^63 after the limit", post + "Content-Length: 9223372036854775807\r\n\r\nabc", [413]),
      ("a plus", post + "Content-Length: +3\r\n\r\nabc", [400]),
      ("a minus", post + "Content-Length: -3\r\n\r\nabc", [400]),
      ("hexadecimal", post + "Content-Length: 0x3\r\n\r\nabc", [400]),
      ("a length with a dot", post + "Content-Length: 3.0\r\n\r\nabc", [400]),
      ("an empty length", post + "Content-Length:\r\n\r\nabc", [400]),
      ("a list of lengths", post + "Content-Length: 3, 3\r\n\r\nabc", [400]),
      ("two lengths that differ", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", [400]),
      ("a bare line feed", "GET /ok HTTP/1.1\nHost: h\n\n", [400]),
      ("a bare line feed between fields", "GET /ok HTTP/1.1\r\nHost: h\nX: a\r\n\r\n", [400]),
      ("a folded field", "GET /ok HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", [400]),
      ("a NUL in a field", "GET /ok HTTP/1.1\r\nHost: h\r\nX: a\u{0}b\r\n\r\n", [400]),
      ("a carriage return in a field", "GET /ok HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", [400]),
      ("a space before the colon", "GET /ok HTTP/1.1\r\nHost : h\r\n\r\n", [400]),
      ("a field that starts with a space", "GET /ok HTTP/1.1\r\n Host: h\r\n\r\n", [400]),
      ("a chunk of negative size", post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n", [400]),
      ("a chunk of hexadecimal with 0x", post + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", [400]),
      ("a chunk without its line end", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", [400]),
      ("a chunk's size that ends in a line feed", post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", [400]),
      ("another scheme", "GET ftp://h/ok HTTP/1.1\r\nHost: h\r\n\r\n", [400]),
      ("a target without a slash", "GET ok HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", [400]),
      ("a URL without a host", "GET http:///ok HTTP/1.1\r\nHost: h\r\n\r\n", [400]),
      ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]),
    ] as [(String, String, [Int])])
  func refused(_ name: String, _ bytes: String, _ expected: [Int]) async throws {
    try await withServer(routes: Self.routes) { port in
      let response = try exchange(port, bytes)
      #expect(expected.contains(response.status) && response.isProblem, "\(name): \(response)")
      #expect(response.headers["connection"] == "close", "\(name): \(response)")
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test(
    arguments: [
      ("a whole URL", "GET http://h/ok HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "fine"),
      ("a Host with a port", "GET /ok HTTP/1.1\r\nHost: h:80\r\nConnection: close\r\n\r\n", "fine"),
      ("a Host of IPv6", "GET /ok HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n", "fine"),
      ("HTTP/1.0", "GET /ok HTTP/1.0\r\n\r\n", "fine"),
      ("HTTP/1.0 that would stay", "GET /ok HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "fine"),
      (
        "chunks in capitals",
        post + "Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "10"
      ),
      (
        "an extension of a chunk",
        post + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b;c=\"d\"\r\nabc\r\n0\r\n\r\n", "3"
      ),
      (
        "a size with zeros", post + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0003\r\nabc\r\n0\r\n\r\n",
        "3"
      ),
      (
        "trailers",
        post + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\nHost: z\r\nE:\r\n\r\n",
        "3"
      ),
      ("no body", post + "Connection: close\r\nContent-Length: 0\r\n\r\n", "0"),
      ("UTF-8 in a field", "GET /ok HTTP/1.1\r\nHost: h\r\nX: W\u{E4}rme\r\nConnection: close\r\n\r\n", "fine"),
    ] as [(String, String, String)])
  func taken(_ name: String, _ bytes: String, _ body: String) async throws {
    try await withServer(routes: Self.routes) { port in
      let response = try exchange(port, bytes)
      #expect(response.status == 200 && response.body == body, "\(name): \(response)")
    }
  }

  /// As Python's http.client sends what is in its strings.
  @Test func latin1IsNotGuessed() async throws {
    try await withServer(routes: Self.routes) { port in
      for bytes: [UInt8] in [[0x57, 0xE4, 0x72, 0x6D, 0x65], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xFF]] {
        let response = try exchange(
          port, Array("GET /ok HTTP/1.1\r\nHost: h\r\nX-App-Name: ".utf8) + bytes + Array("\r\n\r\n".utf8))
        #expect(response.status == 400 && response.isProblem, "\(response)")
        #expect(response.json["reason"] as? String == "invalid-header")
        #expect(response.json["header"] as? String == "X-App-Name")
      }
    }
  }

  /// Without a token, a length beyond 63 bits switched off every limit of bodies.
  @Test(arguments: ["9223372036854775808", "18446744073709551615", "9223372036854775807", "99999999999999999999999"])
  func noAnnouncedLengthOpensTheGate(_ length: String) async throws {
    try await withServer(routes: Self.routes) { port in
      for path in ["/echo", "/ignores"] {
        let client = try RawTCPClient(port: port)
        try client.send("POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n")
        let sent = sendUntilRefused(client, Array(repeating: 0x61, count: 1 << 20), atMost: 300)
        #expect(sent < 100, "\(sent) MiB were taken")
      }
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test func chunksWithoutEndAreGatedToo() async throws {
    try await withServer(routes: Self.routes) { port in
      let client = try RawTCPClient(port: port)
      try client.send(Self.post + "Transfer-Encoding: chunked\r\n\r\n")
      let chunk = Array("100000\r\n".utf8) + Array(repeating: 0x61, count: 1 << 20) + Array("\r\n".utf8)
      #expect(sendUntilRefused(client, chunk, atMost: 300) < 100)
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  /// A body of hardly a byte in megabytes of sizes and extensions never comes to any bound on bodies.
  @Test(arguments: ["extension", "zeros", "small chunks", "trailers"])
  func framingWithoutEndIsRefused(_ kind: String) async throws {
    try await withServer(routes: Self.routes) { port in
      let client = try RawTCPClient(port: port)
      let (start, more): (String, String) =
        switch kind {
        case "extension": ("3;", String(repeating: "x", count: 64 << 10))
        case "zeros": ("", String(repeating: "0", count: 64 << 10))
        case "small chunks": ("", String(repeating: "1;\(String(repeating: "y", count: 60))\r\na\r\n", count: 1_000))
        default: ("0\r\n", String(repeating: "X: \(String(repeating: "z", count: 60))\r\n", count: 1_000))
        }
      try client.send(Self.post + "Transfer-Encoding: chunked\r\n\r\n" + start)
      let sent = sendUntilRefused(client, Array(more.utf8), atMost: 4_000)
      #expect(sent < 1_000, "\(sent) pieces of \(more.utf8.count) bytes were taken")
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test func whatFollowsARefusedHeadIsNotRead() async throws {
    try await withServer(routes: Self.routes) { port in
      // To another reader the rest would be a request of its own.
      let response = try exchange(
        port,
        "POST /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\nGET /ok HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(response.status == 400 && !response.body.contains("HTTP/1.1 200"))
    }
  }

  @Test func aHeadThatDoesNotComeIsNotWaitedFor() async throws {
    let limits = HTTPLimits(idleTimeout: .seconds(60), headTimeout: .milliseconds(300))
    try await withServer(limits: limits, routes: Self.routes) { port in
      let slow = try RawTCPClient(port: port)
      try slow.send("GET /ok HTTP/1.1\r\nHost: h\r\nX: a")
      let answer = try RawResponse(slow.receiveToEnd())
      #expect(answer.status == 408 && answer.isProblem, "\(answer)")
      // One that says nothing at all ends too.
      #expect(try RawTCPClient(port: port).receiveToEnd() == [])
      // Between requests a connection may wait longer.
      let client = try RawTCPClient(port: port)
      for _ in 0..<2 {
        try client.send("GET /ok HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = try client.receive(until: { String(decoding: $0, as: UTF8.self).hasSuffix("fine") })
        #expect((try? client.receive(within: .milliseconds(900))) == nil)
      }
    }
  }

  /// - Returns: how many pieces were sent before the server ended the connection.
  private func sendUntilRefused(_ client: RawTCPClient, _ piece: [UInt8], atMost: Int) -> Int {
    for sent in 0..<atMost {
      do { try client.send(piece) } catch { return sent }
    }
    return atMost
  }
}
