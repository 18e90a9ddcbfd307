import Mosquitto
import TestSupport
import Testing

@testable import DeviceRuntimeCore

/// Another machine with this one's identity.
@Suite struct AgentCloneTests {
  @Test func aSessionThatAnotherTookIsToldInTheDevicesLog() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness)
    func notes() -> Int { played.lines.filter { $0.source == "agent" && $0.text.contains("a second machine") }.count }
    try await harness.withAgent { _ in
      #expect(notes() == 0)
      for _ in 0..<2 {
        let before = harness.presence.count
        var options = MQTTClientOptions(
          host: harness.broker.host, port: UInt16(harness.broker.port), clientID: "\(harness.device)")
        options.will = nil
        let other = try MQTTClient(options: options)
        try other.start()
        try await other.waitUntilConnected(timeout: .seconds(30))
        await other.close()
        // It comes back when the other one has gone.
        try await eventually("the device's presence") {
          harness.presence.count > before && harness.presence.last == "online"
        }
      }
      try await eventually("the line in the device's log") { notes() > 0 }
    }
    // Once, however often they take turns.
    #expect(notes() == 1)
  }
}
