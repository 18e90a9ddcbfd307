import Foundations
import Logging
import Messaging
import ServiceHTTP
import ServiceHosting
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing
import Wire

/// The order that all services have in common.
@Suite(.seated, .timeLimit(.minutes(10))) struct HostedPartsTests {
  private struct Running: Service {
    let parts: HostedParts<PlayedService>

    func run() async throws { try await parts.run() }
  }

  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

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

  @Test func anEndWhileItPreparesStartsNothing() async throws {
    let notes = try await withParts { _, stage, group in
      try await eventually("it prepares") { stage.notes == ["prepares"] }
      await group.triggerGracefulShutdown()
    }
    #expect(notes == ["prepares", "closes"])
  }
}
