import Foundation
import Hummingbird
import ServiceHTTP
import ServiceKit
import Synchronization
import TestSupport
import Testing

@Suite(.seated) struct LimitTests {
  /// How many bytes of bodies the handlers have been given.
  private final class Consumption: Sendable {
    private let bytes = Atomic(0)
    var total: Int { bytes.load(ordering: .relaxed) }
    func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }
  }

  private func routes(_ consumption: Consumption) -> (Router<HTTPContext>) -> Void {
    { router in
      router.get("/ok") { _, _ in "fine" }
      router.post("/small") { request, _ in
        for try await part in request.body { consumption.add(part.readableBytes) }
        return "\(consumption.total)"
      }
      router.group("/large").add(middleware: BodyLimit(maximumBytes: 4 << 20)).post { request, _ in
        for try await part in request.body { consumption.add(part.readableBytes) }
        return "\(consumption.total)"
      }
      router.post("/early") { _, _ -> Response in
        throw ProblemError(.forbidden, reason: "no", detail: "not you")
      }
      router.get("/big") { _, _ in
        Response(
          status: .ok,
          body: ResponseBody(contentLength: 64 << 20) { writer in
            for _ in 0..<1_024 { try await writer.write(ByteBuffer(repeating: 0x61, count: 64 << 10)) }
            try await writer.finish(nil)
          })
      }
    }
  }

  private func chunked(_ path: String, chunks: Int) -> [UInt8] {
    let chunk = "10000\r\n" + String(repeating: "a", count: 65_536) + "\r\n"
    return Array(
      ("POST \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        + String(repeating: chunk, count: chunks) + "0\r\n\r\n").utf8)
  }

  @Test func declaredLengthIsRefusedUnread() async throws {
    let consumption = Consumption()
    try await withServer(routes: routes(consumption)) { port in
      for (path, length) in [("/small", 2 << 20), ("/large", 5 << 20), ("/large", Int.max)] {
        let client = try RawTCPClient(port: port)
        try client.send("POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\nabc")
        let response = try RawResponse(client.receiveToEnd())
        #expect(response.status == 413 && response.isProblem, "\(response)")
        #expect(response.headers["connection"] == "close")
        #expect(response.json["maximumBytes"] as? Int == (path == "/small" ? 1 << 20 : 4 << 20))
      }
      #expect(consumption.total == 0)
    }
  }

  @Test func streamedBodyIsCutAtTheBound() async throws {
    let consumption = Consumption()
    try await withServer(routes: routes(consumption)) { port in
      let response = try exchange(port, chunked("/small", chunks: 40))
      #expect(response.status == 413 && response.isProblem)
      #expect(consumption.total <= 1 << 20)
    }
    let larger = Consumption()
    try await withServer(routes: routes(larger)) { port in
      let taken = try exchange(port, chunked("/large", chunks: 40))
      #expect(taken.body == String(40 * 65_536))
      let refused = try exchange(port, chunked("/large", chunks: 65))
      #expect(refused.status == 413)
    }
  }

  @Test func endlessBodyOfARefusedRequestIsNotReadOn() async throws {
    try await withServer(routes: routes(Consumption())) { port in
      let client = try RawTCPClient(port: port)
      try client.send("POST /early HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
      let answer = try client.receive(
        until: { String(decoding: $0, as: UTF8.self).contains("not you") })
      #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 403"))
      // The client goes on for as long as the server lets it: for 2 seconds or 32 MiB, and what the kernel's buffers
      // hold. Counted in bytes, because a busy machine may take any time for them.
      let chunk = Array(("10000\r\n" + String(repeating: "a", count: 65_536) + "\r\n").utf8)
      var isCut = false
      for _ in 0..<(256 << 20) / 65_536 where !isCut {
        do { try client.send(chunk) } catch { isCut = true }
      }
      #expect(isCut)
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test func answerArrivesBeforeTheConnectionGoes() async throws {
    try await withServer(routes: routes(Consumption())) { port in
      // Much more than the socket buffers hold: closing at once would reset the connection, and the answer with it.
      for _ in 0..<5 {
        let response = try exchange(
          port,
          Array("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n".utf8)
            + Array(repeating: 0x61, count: 8_000_000))
        #expect(response.status == 403 && response.isProblem)
      }
    }
  }

  @Test func continueIsSaidOnlyToThoseWhoMaySend() async throws {
    try await withServer(routes: routes(Consumption())) { port in
      let welcome = try RawTCPClient(port: port)
      let head = "Host: h\r\nExpect: 100-continue\r\nConnection: close\r\n"
      try welcome.send("POST /large HTTP/1.1\r\n\(head)Content-Length: 5\r\n\r\n")
      let first = try welcome.receive(until: { String(decoding: $0, as: UTF8.self).hasSuffix("\r\n\r\n") })
      #expect(String(decoding: first, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
      try welcome.send("hello")
      #expect(try RawResponse(welcome.receiveToEnd()).body == "5")

      let unwelcome = try RawTCPClient(port: port)
      try unwelcome.send("POST /large HTTP/1.1\r\n\(head)Content-Length: 5000000\r\n\r\n")
      #expect(try RawResponse(unwelcome.receiveToEnd()).status == 413)
    }
  }

  @Test func slowHeadersAreCut() async throws {
    try await withServer(limits: HTTPLimits(idleTimeout: .milliseconds(300)), routes: routes(Consumption())) { port in
      let client = try RawTCPClient(port: port)
      var isCut = false
      // A byte now and then keeps a naive server waiting for ever. These would take 40 seconds.
      for byte in Array("GET /ok HTTP/1.1\r\nX: \(String(repeating: "a", count: 2_000))".utf8) where !isCut {
        do { try client.send([byte]) } catch { isCut = true }
        if (try? client.receive(within: .milliseconds(20)))?.isEmpty == true { isCut = true }
      }
      #expect(isCut)
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test func slowBodiesAreAnsweredAndCut() async throws {
    let limits = HTTPLimits(minimumBodyBytesPerSecond: 1_000, slownessWindow: .seconds(2))
    try await withServer(limits: limits, routes: routes(Consumption())) { port in
      let client = try RawTCPClient(port: port)
      try client.send("POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n")
      var received: [UInt8] = []
      let start = ContinuousClock.now
      while received.isEmpty, ContinuousClock.now - start < patience {
        try client.send("a")
        if let part = try? client.receive(within: .milliseconds(20)) { received += part }
      }
      let response = try RawResponse(received + client.receiveToEnd())
      #expect(response.status == 408 && response.isProblem, "\(response)")
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  @Test func bodyThatIsFastEnoughIsNotCut() async throws {
    let limits = HTTPLimits(minimumBodyBytesPerSecond: 100, slownessWindow: .seconds(2))
    try await withServer(limits: limits, routes: routes(Consumption())) { port in
      let client = try RawTCPClient(port: port)
      try client.send("POST /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 40000\r\n\r\n")
      for _ in 0..<39 {
        try client.send(Array(repeating: 0x61, count: 1_000))
        #expect((try? client.receive(within: .milliseconds(75))) == nil)
      }
      try client.send(Array(repeating: 0x61, count: 1_000))
      #expect(try RawResponse(client.receiveToEnd()).body == "40000")
    }
  }

  @Test func clientThatDoesNotReadIsCut() async throws {
    let limits = HTTPLimits(slownessWindow: .milliseconds(300), writeTimeout: .milliseconds(300))
    try await withServer(limits: limits, routes: routes(Consumption())) { port in
      let client = try RawTCPClient(port: port)
      client.setReceiveBuffer(bytes: 4_096)
      try client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
      let seen = try await eventualCut(client)
      #expect(seen < 64 << 20)
      #expect(try get(port, "/ok").body == "fine")
    }
  }

  /// Waits without reading until the server must have given up, and returns how much had come.
  private func eventualCut(_ client: RawTCPClient) async throws -> Int {
    // Bytes keep arriving in the kernel's buffer only; sending fails once the server has reset the connection.
    try await eventually("a cut connection") { (try? client.send("x")) == nil }
    return (try? client.receiveToEnd().count) ?? 0
  }

  /// How many requests have reached their handler, which does not answer.
  private final class Held: Sendable {
    private let requests = Atomic(0)
    var count: Int { requests.load(ordering: .sequentiallyConsistent) }

    /// Ends with the server.
    func hold() async throws -> String {
      requests.add(1, ordering: .sequentiallyConsistent)
      let (news, source) = AsyncStream<String>.makeStream()
      // Nothing comes; the wait ends by cancellation.
      for await text in news { return text }
      source.finish()
      throw CancellationError()
    }
  }

  private func held(_ held: Held) -> (Router<HTTPContext>) -> Void {
    { router in
      routes(Consumption())(router)
      router.get("/work") { _, _ in try await held.hold() }
      router.get("/news") { _, context in try await context.givingWay { try await held.hold() } }
    }
  }

  /// However busy the machine is, none of them is given up before the fifth comes.
  private static let four = HTTPLimits(
    idleTimeout: .seconds(600), headTimeout: .seconds(600), slownessWindow: .seconds(600), writeTimeout: .seconds(600),
    maximumConnections: 4)

  @Test func tooManyConnectionsAreTurnedAway() async throws {
    let requests = Held()
    try await withServer(limits: Self.four, routes: held(requests)) { port in
      let clients = try (0..<4).map { _ in try RawTCPClient(port: port) }
      for client in clients { try client.send("GET /work HTTP/1.1\r\nHost: h\r\n\r\n") }
      try await eventually("four that the server works for") { requests.count == 4 }
      let refused = try get(port, "/ok")
      #expect(refused.status == 503 && refused.isProblem && refused.headers["retry-after"] == "1", "\(refused)")
      for client in clients { client.reset() }
      try await eventually("a free connection") { (try? get(port, "/ok"))?.status == 200 }
    }
  }

  /// Whether the rest of a request is missing, an answer is not read, or something is waited for: it is no reason to turn
  /// others away.
  @Test(arguments: ["body", "answer", "news"]) func slowAndPatientClientsGiveWay(kind: String) async throws {
    let requests = Held()
    try await withServer(limits: Self.four, routes: held(requests)) { port in
      let clients = try (0..<4).map { _ in try RawTCPClient(port: port) }
      for client in clients {
        switch kind {
        case "body":
          try client.send("POST /large HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
          _ = try client.receive(until: { String(decoding: $0, as: UTF8.self).hasSuffix("\r\n\r\n") })
        case "answer":
          client.setReceiveBuffer(bytes: 4_096)
          try client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
          _ = try client.receive(until: { !$0.isEmpty })
        default: try client.send("GET /news HTTP/1.1\r\nHost: h\r\n\r\n")
        }
      }
      if kind == "news" { try await eventually("four that wait") { requests.count == 4 } }
      for _ in 0..<8 { #expect(try get(port, "/ok").body == "fine") }
    }
  }

  @Test func connectionsThatWaitForNothingGiveWay() async throws {
    try await withServer(limits: HTTPLimits(maximumConnections: 4), routes: routes(Consumption())) { port in
      let held = try (0..<4).map { _ in try RawTCPClient(port: port) }
      for client in held {
        try client.send("GET /ok HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = try client.receive(until: { String(decoding: $0, as: UTF8.self).hasSuffix("fine") })
      }
      #expect(try get(port, "/ok").body == "fine")
      #expect(try held[0].receiveToEnd() == [])
    }
  }

  @Test func keepAliveWorksAfterReadBodies() async throws {
    try await withServer(routes: routes(Consumption())) { port in
      let client = try RawTCPClient(port: port)
      for _ in 0..<50 {
        try client.send("POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
        let response = try RawResponse(
          client.receive(until: { String(decoding: $0, as: UTF8.self).contains("\r\n\r\n") }))
        #expect(response.status == 200 && response.headers["connection"] != "close")
      }
    }
  }
}
