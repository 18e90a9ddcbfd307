import CoreMetrics
import Foundation
import Hummingbird
import Logging
import ServiceHTTP
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing

@Suite(.seated) struct OperationsTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private let anyPort = ListenAddress(host: "127.0.0.1", port: 0)

  private func withService<T: Sendable>(_ service: HTTPService, _ body: (Int) async throws -> T) async throws -> T {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await service.run() }
      defer { group.cancelAll() }
      let port = try await service.boundPort
      return try await allowingBlockingCalls { try await body(port) }
    }
  }

  @Test func healthAndMetricsAreServed() async throws {
    let readiness = Readiness(validity: .zero)
    let metrics = MetricsRegistry()
    metrics.makeCounter(label: "things", dimensions: []).increment(by: 5)
    readiness.add("broker") {}
    let server = OperationsServer.make(
      name: "notifier", listen: anyPort, readiness: readiness, metrics: metrics, logger: logger)
    try await withService(server) { port in
      let alive = try get(port, "/livez")
      #expect(alive.status == 200 && alive.json["service"] as? String == "notifier")
      #expect(try get(port, "/readyz").status == 200)
      let page = try get(port, "/metrics")
      #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(page.body.contains("things_total 5\n"))

      readiness.add("database") { throw TestFailure("connection refused") }
      let unready = try get(port, "/readyz")
      #expect(unready.status == 503 && unready.headers["retry-after"] == "1")
      let checks = try #require(unready.json["checks"] as? [[String: Any]])
      #expect(checks.map { $0["ready"] as? Bool } == [true, false])
      #expect(checks.last?["detail"] as? String == "connection refused")
      #expect(try get(port, "/livez").status == 200)
      #expect(try get(port, "/secret").isProblem)
    }
  }

  @Test func occupiedAddressIsExplained() async throws {
    let server = makeHTTPService(name: "first", listen: anyPort, router: makeRouter(), logger: logger)
    try await withService(server) { port in
      let second = makeHTTPService(
        name: "second", listen: ListenAddress(host: "127.0.0.1", port: port), router: makeRouter(), logger: logger)
      await #expect(throws: ListenError.self) { try await second.run() }
      let error = await #expect(throws: ListenError.self) { try await second.boundPort }
      #expect(error?.description.contains("127.0.0.1:\(port)") == true)
    }
  }

  @Test func shutdownFinishesWhatIsInProgressAndClosesTheRest() async throws {
    let (entered, enter) = AsyncStream<Void>.makeStream()
    let (release, releaser) = AsyncStream<Void>.makeStream()
    let router = makeRouter()
    router.get("/slow") { _, _ in
      enter.yield()
      for await _ in release { break }
      return "done"
    }
    let server = makeHTTPService(name: "test", listen: anyPort, router: router, logger: logger)
    let group = ServiceGroup(services: [server], logger: logger)
    let running = Task { try await group.run() }
    let port = try await server.boundPort
    try await allowingBlockingCalls {
      let idle = try RawTCPClient(port: port)
      let busy = try RawTCPClient(port: port)
      try busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
      for await _ in entered { break }
      await group.triggerGracefulShutdown()
      // The idle one is let go while the other still works.
      #expect(try idle.receiveToEnd().isEmpty)
      releaser.yield()
      #expect(try RawResponse(busy.receiveToEnd()).body == "done")
    }
    try await running.value
    #expect(throws: TestFailure.self) { try RawTCPClient(port: port) }
  }
}
