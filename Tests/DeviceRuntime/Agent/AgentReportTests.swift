import AppLink
import DeviceProtocol
import Mosquitto
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Agent

/// What the agent says, and to whom it keeps saying it.
@Suite(.seated) struct AgentReportTests {
  @Test func aReportIsRepeatedUntilItIsAcknowledged() async throws {
    let harness = try await AgentHarness()
    harness.acknowledges.withLock { $0 = false }
    var configuration = AgentHarness.configuration()
    // Time for four repeats of an old report before there is a new one.
    configuration.heartbeat = configuration.reportRepeatInterval * 4
    try await harness.withAgent(configuration) { _ in
      let repeats = try await eventuallySome("a report that came three times") {
        let reports = harness.reports
        return reports.map { report in reports.filter { $0.sequence == report.sequence } }.first { $0.count >= 3 }
      }
      #expect(repeats.allSatisfy { $0 == repeats[0] })
      harness.acknowledges.withLock { $0 = true }
      let last = harness.reports.map(\.sequence).max()!
      func sequences() -> [UInt64] { harness.reports.map(\.sequence).filter { $0 > last } }
      try await eventually { Set(sequences()).count >= 3 }
      // Each but the newest had the time to be repeated; once, if its acknowledgement was slow.
      for sequence in Set(sequences()).subtracting([sequences().max()!]) {
        #expect(sequences().count { $0 == sequence } <= 2)
      }
    }
  }

  @Test func theHeartbeatIsANewReport() async throws {
    let harness = try await AgentHarness()
    var configuration = AgentHarness.configuration()
    configuration.heartbeat = .milliseconds(100)
    try await harness.withAgent(configuration) { _ in
      try await eventually { Set(harness.reports.map(\.sequence)).count >= 5 }
    }
  }

  @Test func theAgentOutlivesTheBroker() async throws {
    for round in 0..<5 {
      let harness = try await AgentHarness()
      try await harness.withAgent { agent in
        try await harness.deploy(1)
        let last = harness.reports.map(\.sequence).max()!
        if round.isMultiple(of: 2) { try await harness.broker.kill() } else { try await harness.broker.stop() }
        harness.launcher.app(1)?.send(.publish(id: 9, topic: "kept", payload: [9], qos: 1))
        try await eventually { await !agent.mqtt.isConnected }
        #expect(harness.launcher.running == [1])
        try await harness.broker.start()
        // It comes back by itself, says where it is, and takes what comes.
        try await harness.waitForReport(after: last) { $0.version == 1 }
        try await eventually { harness.appMessages.contains { $0.payload == [9] } }
        try await harness.deploy(2)
      }
    }
  }

  @Test func notificationsWaitForADeviceThatIsAway() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in try await harness.deploy(1) }
    // The broker keeps them in the device's session.
    try await harness.notify(try harness.offer(2))
    try await harness.notify(try harness.offer(3))
    try await harness.withAgent { _ in
      try await harness.waitForReport { $0.version == 3 && $0.status == "confirmed" }
    }
  }

  @Test func theAgentWorksWithoutABroker() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in try await harness.deploy(1) }
    try await harness.broker.stop()
    try await harness.withAgent(awaitsReport: false) { agent in
      try await eventually { harness.launcher.running == [1] }
      #expect(await agent.status().connected == false)
      #expect(await agent.status().running.version == 1)
    }
  }
}
