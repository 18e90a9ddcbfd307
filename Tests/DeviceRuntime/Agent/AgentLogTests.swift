import DeviceProtocol
import Synchronization
import TestSupport
import Testing

@testable import Agent
@testable import AppLink
@testable import DeviceStorage
@testable import Foundations

/// Lines on their way from an app to whoever stores them.
@Suite(.seated) struct AgentLogTests {
  private static func configuration(_ change: (inout LogUploadPolicy) -> Void = { _ in }) -> AgentConfiguration {
    var configuration = AgentHarness.configuration()
    configuration.logUpload = LogUploadPolicy(
      pause: .milliseconds(20), firstRepeatPause: .milliseconds(300), longestRepeatPause: .seconds(1),
      bytesPerSecond: 1 << 20)
    change(&configuration.logUpload)
    return configuration
  }

  private static func line(_ number: Int, textBytes: Int = 0) -> AppEvent {
    .log(
      AppLogLine(
        level: .info, source: .app, realtimeNanoseconds: 1, monotonicNanoseconds: UInt64(number),
        text: "line \(number)" + String(repeating: ".", count: textBytes)))
  }

  private static func appLines(_ played: PlayedDiagnostics) -> [String] {
    played.lines.filter { $0.source == "app" }.map(\.text)
  }

  /// A broker that takes less than a batch, and one line that is longer than it takes.
  @Test(arguments: ["max_packet_size 3000", ""]) func batchesFitWhatTheBrokerTakes(_ limit: String) async throws {
    let harness = try await AgentHarness(broker: limit)
    let played = try await PlayedDiagnostics(harness)
    let lengths = Mutex<[Int: MQTTLengths]>([:])
    // The second broker says nothing and hangs up.
    let link = try CuttingProxy(to: harness.broker.port) { piece in
      piece.direction == .toClient || !limit.isEmpty
        || lengths.withLock { $0[piece.connection, default: MQTTLengths()].longest(in: piece.bytes) } <= 3000
    }
    try await harness.withAgent(Self.configuration(), brokerPort: link.port) { _ in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      for number in 1...40 { app.send(Self.line(number, textBytes: 300)) }
      app.send(Self.line(41, textBytes: 3900))
      app.send(Self.line(42))
      try await eventually("all lines: \(Self.appLines(played).count)") {
        Self.appLines(played).last == "line 42"
      }
    }
    let lines = Self.appLines(played)
    #expect(lines.count == 42)
    #expect(lines.allSatisfy { $0.hasPrefix("line ") } && lines[40].hasSuffix("…"))
    if !limit.isEmpty { #expect(link.connections == 1) }
  }

  @Test func numberedLinesArriveOnceAndInOrderOverBrokerAndAgentRestarts() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness)
    var configuration = Self.configuration()
    configuration.logUpload.batchLines = 7
    var sent = 0
    for round in 0..<4 {
      try await harness.withAgent(configuration, awaitsReport: round == 0) { _ in
        if round == 0 { try await harness.deploy(1) }
        let app = try await eventuallySome { harness.launcher.app(1) }
        for _ in 0..<50 {
          sent += 1
          app.send(Self.line(sent))
        }
        let before = Self.appLines(played).count
        try await eventually { Self.appLines(played).count > before }
        // In the middle of it.
        try await harness.broker.kill()
        for _ in 0..<50 {
          sent += 1
          app.send(Self.line(sent))
        }
        try await harness.broker.start()
        // Every second time the agent ends with lines that nobody has yet.
        guard round.isMultiple(of: 2) else { return }
        let expected = sent
        try await eventually { Self.appLines(played).count == expected }
      }
    }
    try await harness.withAgent(configuration, awaitsReport: false) { _ in
      let expected = sent
      try await eventually { Self.appLines(played).count == expected }
    }
    #expect(Self.appLines(played) == (1...sent).map { "line \($0)" })
    #expect(played.faults == [])
    #expect(played.logs.count == 1)
  }

  @Test func linesWaitForTheirAcknowledgementAndAreRepeated() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness, acknowledges: false)
    try await harness.withAgent(Self.configuration()) { _ in
      try await harness.deploy(1)
      try await eventually { played.batches.count >= 3 }
      let first = try #require(played.batches.first)
      #expect(played.batches.allSatisfy { $0.lines == first.lines })
      played.acknowledges = true
      try await eventually { played.lines.count > first.lines.count || first.lines.count > 3 }
    }
    #expect(played.faults == [])
  }

  @Test func aRingThatOverflowedOfflineTellsHowManyLinesAreLost() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness)
    try await harness.withAgent(Self.configuration()) { agent in
      try await harness.deploy(1)
      try await eventually { await agent.log.lastID == played.lines.last?.id }
      try await harness.broker.stop()
      let app = try #require(harness.launcher.app(1))
      for number in 1...1500 { app.send(Self.line(number, textBytes: 1000)) }
      try await eventually {
        // The agent's own lines, such as that the version is confirmed, may come behind it.
        await agent.log.read(after: 0, count: 20, newest: true).lines.contains { $0.text.hasPrefix("line 1500.") }
      }
      try await harness.broker.start()
      try await eventually { Self.appLines(played).last?.hasPrefix("line 1500.") == true }
    }
    let lost = played.batches.compactMap(\.lost)
    #expect(Set(lost).count == 1)
    #expect(try #require(lost.first) > 300)
    #expect(played.faults == [])
    #expect(played.longestPayload <= 64 << 10)
  }

  @Test func aChattyAppIsHeldToTheRate() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness)
    let configuration = Self.configuration {
      $0.bytesPerSecond = 20_000
      $0.burstBytes = 10_000
    }
    try await harness.withAgent(configuration) { _ in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      let clock = ContinuousClock()
      let start = clock.now
      let before = played.bytes
      for number in 1...1000 { app.send(Self.line(number, textBytes: 500)) }
      try await eventually { played.bytes - before > 150_000 }
      // The burst and one batch may go out at once, the rest at the rate.
      #expect(clock.now - start > .seconds(3))
    }
  }

  @Test func hostileAcknowledgementsMakeNoLineVanish() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness, acknowledges: false)
    try await harness.withAgent(Self.configuration()) { _ in
      try await harness.deploy(1)
      try await eventually { !played.batches.isEmpty }
      let log = try #require(played.logs.first)
      let topic = "/devices/\(harness.device)/ack"
      for payload in [
        #"{"log":{"log":"\#(log)","through":0}}"#, #"{"log":{"log":"ffffffffffffffff","through":9}}"#,
        #"{"log":{"log":"\#(log)"}}"#, #"{"log":[]}"#, "{", "", String(repeating: "[", count: 100_000),
      ] {
        try await harness.send(payload, to: topic)
      }
      let count = played.batches.count
      try await eventually { played.batches.count > count + 1 }
      #expect(played.batches.last?.lines.first?.id == 1)
      // More than was ever sent counts as far as was sent.
      try await harness.send(#"{"log":{"log":"\#(log)","through":18446744073709551615}}"#, to: topic)
      played.acknowledges = true
      harness.launcher.app(1)?.send(Self.line(1))
      try await eventually { Self.appLines(played) == ["line 1"] }
    }
    #expect(played.faults == [])
  }
}
