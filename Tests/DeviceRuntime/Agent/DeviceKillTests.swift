import DeviceProtocol
import FirmwareImage
import Foundation
import TestSupport
import Testing

/// SIGKILL at any moment, with real processes: the device ends with the new version.
@Suite(.seated, .serialized) struct DeviceKillTests {
  @Test func aKilledAgentGoesOnAndGetsThere() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    var process = try device.start()
    try await harness.waitForReport { _ in true }
    // From the notification on, over download, verification, start and confirmation.
    let delays: [Duration] = (0..<24).map { .milliseconds($0 * $0 / 2) }
    for (index, delay) in delays.enumerated() {
      let version = UInt64(index + 1)
      let image = try await device.image(version)
      harness.offer(image.bytes, as: version)
      try await harness.notify(image)
      // Sleeps: the moment of the kill is what varies.
      try await Task.sleep(for: delay)
      process.kill(SIGKILL)
      try await process.waitForExit()
      let last = harness.reports.map(\.sequence).max() ?? 0
      process = try device.start()
      try await harness.reconcile(image)
      try await harness.waitForReport(after: last) { $0.version == version && $0.status == "confirmed" }
      #expect(!harness.reports.contains { $0.status == "rolled-back" || $0.status == "refused" })
    }
    try await process.stop()
  }

  @Test func aKilledAgentRollsBackWhatTraps() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    // The first version to fail is to be confirmed by nothing but itself.
    let settings = ["XTBLISH_DEVICE_TRIAL_UNCONFIRMED": "roll-back", "XTBLISH_DEVICE_TRIAL_AGENT_DEATHS": "100"]
    var process = try device.start(settings: settings)
    let first = try await device.image(1)
    harness.offer(first.bytes, as: 1)
    try await harness.reconcile(first)
    try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    let delays: [Duration] = (0..<16).map { .milliseconds($0 * $0) }
    for (index, delay) in delays.enumerated() {
      let version = UInt64(index + 2)
      let image = try await device.image(version, traps: true)
      harness.offer(image.bytes, as: version)
      try await harness.notify(image)
      // Sleeps: the moment of the kill is what varies.
      try await Task.sleep(for: delay)
      process.kill(SIGKILL)
      try await process.waitForExit()
      let last = harness.reports.map(\.sequence).max() ?? 0
      process = try device.start(settings: settings)
      let report = try await harness.reconcile(image, after: last) { $0.failed?.version == version }
      #expect(report.version == 1 && report.status == "rolled-back" && report.reason?.contains("unreachable") == true)
      try await eventually("version 1 runs again") {
        (try await device.status()["running"] as? [String: Any])?["pid"] as? Int != nil
      }
    }
    try await process.stop()
  }

  @Test func manyKillsInARowDoNotHarm() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    var process = try device.start()
    let first = try await device.image(1)
    harness.offer(first.bytes, as: 1)
    try await harness.reconcile(first)
    try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    for round in 0..<20 {
      process.kill(SIGKILL)
      try await process.waitForExit()
      process = try device.start()
      // Sleeps: the moment of the kill is what varies.
      try await Task.sleep(for: .milliseconds(round * 15))
    }
    let last = harness.reports.map(\.sequence).max()!
    try await harness.waitForReport(after: last) { $0.version == 1 && $0.status == "confirmed" }
    let (status, output) = try await DeviceProcess.command(["status", "--json"], environment: device.environment)
    #expect(status == .exited(0))
    #expect(output.contains("\"version\" : 1"))
    try await process.stop()
  }

  @Test func anAppDiesWithItsAgent() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    let process = try device.start()
    let image = try await device.image(1)
    harness.offer(image.bytes, as: 1)
    try await harness.reconcile(image)
    try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    let (_, output) = try await DeviceProcess.command(["status", "--json"], environment: device.environment)
    let status = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    let pid = try #require((status["running"] as? [String: Any])?["pid"] as? Int)
    #expect(kill(pid_t(pid), 0) == 0)
    process.kill(SIGKILL)
    try await process.waitForExit()
    try await eventually { kill(pid_t(pid), 0) != 0 }
  }
}

extension AgentHarness {
  /// Notifies until the device has heard it, as the Registry does on every report that says something else.
  func reconcile(_ image: TestImage) async throws {
    try await reconcile(image, after: reports.map(\.sequence).max() ?? 0) { $0.version == image.version }
  }

  @discardableResult
  func reconcile(
    _ image: TestImage, after sequence: UInt64, until matches: (StateMessage) -> Bool
  ) async throws -> StateMessage {
    var seen = 0
    return try await eventuallySome("a report about version \(image.version)") {
      if let report = reports.first(where: { $0.sequence > sequence && matches($0) }) { return report }
      if reports.count > seen {
        seen = reports.count
        try await notify(image)
      }
      return nil
    }
  }
}
