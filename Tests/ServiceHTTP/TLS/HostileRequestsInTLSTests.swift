import Foundation
import ServiceHTTP
import TestSupport
import Testing

/// What is refused on a plain connection is refused through TLS too.
@Suite(.seated) struct HostileRequestsInTLSTests {
  @Test(arguments: [
    // Two lengths, a length and chunks in either order, and lengths that are no numbers: each could make two readers
    // see different requests.
    "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Content-Length: 5, 6\r\n", "Content-Length: +5\r\n",
    "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: xchunked\r\n", "Content-Length : 5\r\n",
  ])
  func smuggledRequestsAreRefused(headers: String) async throws {
    try await SecureServer.with { server in
      let inner = "GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
      let answer = try await server.exchange(
        Array("POST /sum HTTP/1.1\r\nHost: h\r\n\(headers)\r\n0\r\n\r\n\(inner)".utf8))
      // A coding that is not spoken here is told as that.
      let status = headers.contains("xchunked") ? 501 : 400
      #expect(answer.contains("HTTP/1.1 \(status)"), "\(answer)")
      #expect(!answer.contains("nobody"), "\(answer)")
      let answers = answer.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("HTTP/1.1 ") }
      #expect(answers.count == 1, "one answer, and then the end: \(answer)")
    }
  }

  @Test func floodsOfHeadersAreRefused() async throws {
    try await SecureServer.with { server in
      for headers in [
        "X-A: \(String(repeating: "a", count: 64 << 10))\r\n",
        (0..<5_000).map { "X-\($0): a\r\n" }.joined(),
      ] {
        let answer = try await server.exchange(Array("GET /who HTTP/1.1\r\nHost: h\r\n\(headers)\r\n".utf8))
        #expect(answer.contains("HTTP/1.1 431"), "\(answer.prefix(500))")
      }
      #expect(server.requests.value == 0)
    }
  }

  @Test func bodiesBeyondTheLimitAreRefused() async throws {
    try await SecureServer.with { server in
      let answer = try await server.exchange(
        Array("POST /sum HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\nabc".utf8))
      #expect(answer.contains("HTTP/1.1 413"), "\(answer)")
    }
  }

  @Test func slowBodiesAreGivenUp() async throws {
    var answer = ""
    // As long again the handler has to answer, for which a busy machine may need the longer time.
    for seconds in [3, 15] {
      var limits = HTTPLimits.standard
      limits.slownessWindow = .seconds(seconds)
      answer = try await SecureServer.with(limits: limits) { server in
        // The file ends, and the client stays.
        try await server.exchange(
          Array("POST /sum HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc".utf8))
      }
      if answer.contains("HTTP/1.1 408") { break }
    }
    #expect(answer.contains("HTTP/1.1 408"), "\(answer)")
  }

  @Test func idleConnectionsEnd() async throws {
    var limits = HTTPLimits.standard
    // The client must have come to its request by then.
    limits.idleTimeout = .seconds(3)
    try await SecureServer.with(limits: limits) { server in
      let answer = try await server.exchange(Array("GET /who HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
      #expect(answer.contains("HTTP/1.1 200"), "\(answer)")
    }
  }
}
