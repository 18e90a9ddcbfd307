import AppLink
import Mosquitto
import Synchronization
import TestSupport
import Testing
import Wire

/// What the agent says, and to whom it keeps saying it.
@Suite(.seated) struct AgentReportTests {
  @Test func aReportIsRepeatedUntilItIsAcknowledged() async throws {
    let harness = try await AgentHarness()
    harness.acknowledges.withLock { $0 = false }
    try await harness.withAgent { _ in
      try await eventually { harness.reports.count >= 3 }
      let first = harness.reports[0]
      #expect(harness.reports.allSatisfy { $0 == first })
      harness.acknowledges.withLock { $0 = true }
      let count = harness.reports.count
      // The next one is acknowledged, after which there is silence: three repeat intervals of it.
      try await eventually { harness.reports.count > count }
      let settled = harness.reports.count
      try await Task.sleep(for: .milliseconds(1000))
      #expect(harness.reports.count <= settled + 1)
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
