import DeviceProtocol
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Agent
@testable import DeviceStorage
@testable import Foundations
@testable import UpdateCore

/// What the device waits for is told, with its reason.
@Suite(.seated, .timeLimit(.minutes(10))) struct HindranceTests {
  /// As long as a broker refuses it, for whatever reason.
  @Test func aBrokerThatCanNotBeReachedIsInTheStatusAndInTheLog() async throws {
    let harness = try await AgentHarness()
    let isOpen = Mutex(false)
    let link = try CuttingProxy(to: harness.broker.port) { _ in isOpen.withLock { $0 } }
    try await harness.withAgent(awaitsReport: false, brokerPort: link.port) { agent in
      try await eventually("the status says why") {
        await agent.status().waiting.contains {
          $0.version == 0 && $0.reason.hasPrefix("the broker can't be reached: ")
        }
      }
      #expect(await !agent.status().connected)
      let told = { () async -> Int in
        await agent.log.read(after: 0, count: 100).lines.count { $0.text.contains("the broker can't be reached: ") }
      }
      // Once for each reason.
      #expect(await (1...3).contains(told()))
      isOpen.withLock { $0 = true }
      // Whoever says what runs has subscribed before.
      try await harness.waitForReport { _ in true }
      try await harness.deploy(1)
      #expect(await agent.status().waiting.isEmpty)
      // Whoever reads a report knows that the device is connected.
      #expect(harness.reports.allSatisfy { $0.waiting == nil })
    }
  }

  @Test func whatAnUpdateWaitsForIsNeitherTheLinkNorTheCertificate() {
    var hindrances = Hindrances()
    _ = hindrances.set(.connection, version: 0, reason: "away", now: .now)
    _ = hindrances.set(.certificate, version: 0, reason: "not yet", now: .now)
    #expect(hindrances.ofUpdate == nil)
    #expect(
      hindrances.all.map(\.reason) == [
        "the broker can't be reached: away", "the device's certificate is not renewed yet: not yet",
      ])
    _ = hindrances.set(.download, version: 2, reason: "nobody has it", now: .now)
    _ = hindrances.set(.connection, version: 0, reason: "still away", now: .now)
    #expect(hindrances.ofUpdate?.reason == "nobody has it")
  }
}
