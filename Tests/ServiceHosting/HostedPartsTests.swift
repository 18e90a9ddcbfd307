import Foundations
import Glibc
import Logging
import Messaging
import ServiceHTTP
import ServiceHosting
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing
import Wire

private func quietLogger() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

/// The answer to a request on a connection that the client would keep, in lower case.
private func keptAnswer(on client: RawTCPClient) throws -> String {
  try client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
  var answer: [UInt8] = []
  // The body is one JSON object.
  while !answer.contains(UInt8(ascii: "}")) {
    let more = try client.receive()
    guard !more.isEmpty else { throw TestFailure("no whole answer: \(String(decoding: answer, as: UTF8.self))") }
    answer += more
  }
  return String(decoding: answer, as: UTF8.self).lowercased()
}

/// The order that all services have in common.
@Suite(.seated, .timeLimit(.minutes(10))) struct HostedPartsTests {
  private struct Running: Service {
    let parts: HostedParts<PlayedService>

    func run() async throws { try await parts.run() }
  }

  private static let logger = quietLogger()

  /// Runs a played service until `body` has asked for its end, as SIGTERM would.
  ///
  /// - Returns: all that it did.
  private func withParts(
    _ body: (HostedParts<PlayedService>, Stage, ServiceGroup) async throws -> Void
  ) async throws -> [String] {
    let loaded = try PlayedSettings.load(environment: [:])
    let stage = loaded.settings.stage
    let parts = try await HostedParts<PlayedService>(
      PreparedProcess(
        settings: loaded.settings, process: loaded.process, bus: .insecure, metrics: MetricsRegistry(),
        logger: Self.logger))
    #expect(stage.notes.isEmpty)
    let group = ServiceGroup(services: [Running(parts: parts)], logger: Self.logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      try await body(parts, stage, group)
      try await tasks.waitForAll()
    }
    return stage.notes
  }

  /// What the operations server says of readiness.
  private func answer(at port: Int) async throws -> String {
    try await allowingBlockingCalls {
      let client = try RawTCPClient(port: port)
      try client.send("GET /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      return String(decoding: try client.receiveToEnd(), as: UTF8.self)
    }
  }

  @Test func eachPartStartsAfterThoseItNeedsAndEndsBeforeThem() async throws {
    let notes = try await withParts { parts, stage, group in
      // Whoever waits for it hears what it waits for, and nothing works yet.
      let operations = try #require(parts.services.first as? HTTPService)
      let port = try await operations.boundPort
      try await eventually("it prepares") { stage.notes == ["prepares"] }
      let early = try await answer(at: port)
      #expect(early.hasPrefix("HTTP/1.1 503") && early.contains("not prepared yet"), "\(early)")

      stage.mayPrepare.wake()
      try await eventually("it is ready") { await parts.readiness.isReady() }
      try await eventually("its parts run") { stage.notes.count == 4 }
      #expect(stage.notes[1] == "prepared")
      #expect(Set(stage.notes[2...]) == ["first runs", "second runs"])

      // The end waits for the answer that is owed.
      let endpoint = try await parts.rpc.boundAddress()
      try await withRPCClient(endpoints: [endpoint], logger: Self.logger) { client in
        async let owed = client.call(WireListEvents(), deadline: patience)
        try await eventually("it is asked") { stage.notes.last == "is asked" }
        await group.triggerGracefulShutdown()
        try await eventually("it is not ready any more") { await !parts.readiness.isReady() }
        #expect(stage.notes.last == "is asked")
        stage.mayAnswer.wake()
        _ = try await owed
      }
    }
    #expect(notes.suffix(5) == ["is asked", "answers", "second ends", "first ends", "closes"])
  }

  /// SIGTERM would end the tests too, so this is a process of its own.
  @Test func aServiceThatIsToEndTellsItsClientsAndStillTakesWhatComes() async {
    await #expect(processExitsWith: .success) {
      let loaded = try PlayedSettings.load(environment: ["XTBLISH_SHUTDOWN_DELAY_SECONDS": "600"])
      let stage = loaded.settings.stage
      let parts = try await HostedParts<PlayedService>(
        PreparedProcess(
          settings: loaded.settings, process: loaded.process, bus: .insecure, metrics: MetricsRegistry(),
          logger: quietLogger()))
      async let running: Void = parts.run()
      stage.mayPrepare.wake()
      let http = try #require(parts.http)
      let port = try await http.boundPort
      try await eventually("it is ready") { await parts.readiness.isReady() }
      let patient = try await allowingBlockingCalls {
        let client = try RawTCPClient(port: port)
        let answer = try keptAnswer(on: client)
        #expect(answer.hasPrefix("http/1.1 404") && !answer.contains("connection: close"), "\(answer)")
        return client
      }

      kill(getpid(), SIGTERM)
      try await eventually("it is not ready any more") { await !parts.readiness.isReady() }
      try await allowingBlockingCalls {
        for client in [patient, try RawTCPClient(port: port)] {
          let answer = try keptAnswer(on: client)
          #expect(answer.hasPrefix("http/1.1 404") && answer.contains("connection: close"), "\(answer)")
        }
      }
      try await withRPCClient(endpoints: [try await parts.rpc.boundAddress()], logger: quietLogger()) { client in
        stage.mayAnswer.wake()
        _ = try await client.call(WireListEvents(), deadline: patience)
      }
      #expect(!stage.notes.contains("second ends"))

      kill(getpid(), SIGTERM)
      try await running
      #expect(stage.notes.last == "closes")
    }
  }

  @Test func anEndWhileItPreparesStartsNothing() async throws {
    let notes = try await withParts { _, stage, group in
      try await eventually("it prepares") { stage.notes == ["prepares"] }
      await group.triggerGracefulShutdown()
    }
    #expect(notes == ["prepares", "closes"])
  }
}
