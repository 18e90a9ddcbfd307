import DeviceProtocol
import TestSupport
import Testing

@testable import Agent
@testable import AppLink
@testable import DeviceStorage
@testable import Foundations

/// Crash reports: kept from the crash until somebody has them.
@Suite(.seated) struct AgentCrashTests {
  @Test func aTrapIsReportedWithWhatLedToIt() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness)
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      for number in 1...60 {
        app.send(
          .log(
            AppLogLine(
              level: .info, source: .app, realtimeNanoseconds: 1, monotonicNanoseconds: 1, text: "line \(number)")))
      }
      let frame = AppTrap.Frame(functionIndex: 3, functionOffset: 4, moduleOffset: 55, functionName: "boom")
      app.end(.trapped(AppTrap(code: "unreachable", message: "wasm trap", frames: [frame])))
      let report = try await eventuallySome { played.crashes.first }
      #expect(report.version == 1)
      #expect(report.code == "unreachable")
      #expect(report.status == "confirmed")
      #expect(report.appName == "sensor")
      #expect(report.digest == harness.reports.last?.digest)
      #expect(report.frames.map(\.moduleOffset) == [55])
      #expect(report.lines.count == 50)
      #expect(report.lines.last?.text == "line 60")
      // Acknowledged, so nothing waits any more.
      try await eventually { await agent.crashes.waiting.isEmpty }
    }
    #expect(played.crashes.count == 1)
  }

  @Test func aCrashOfATrialIsOneOfATrial() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness)
    harness.launcher.set(.failsToStart, for: 2)
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      try await harness.notify(try harness.offer(2))
      try await harness.waitForReport { $0.status == "rolled-back" }
      let report = try await eventuallySome { played.crashes.first }
      #expect(report.version == 2)
      #expect(report.status == "trial")
      #expect(report.code == "start-failed")
    }
  }

  @Test func aReportIsDurableBeforeTheAppStartsAgain() async throws {
    let harness = try await AgentHarness()
    let flash = try DirectoryFlash(directory: harness.folder.path("flash"))
    let played = try await PlayedDiagnostics(harness, acknowledges: false)
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      for crash in 1...5 {
        let launches = harness.launcher.launches.count
        try await eventuallySome { harness.launcher.app(1) }.trap()
        try await eventually { harness.launcher.launches.count > launches }
        #expect(try flash.list().count { $0.hasPrefix("crash-") && $0.hasSuffix(".json") } == crash)
      }
    }
    // Over a restart of the agent, without a broker, and until it is acknowledged.
    try await harness.broker.stop()
    try await harness.withAgent(awaitsReport: false) { agent in
      try await eventually { await agent.crashes.waiting.count == 5 }
      try await harness.broker.start()
      played.acknowledges = true
      try await eventually { await agent.crashes.waiting.isEmpty }
    }
    #expect(Set(played.crashes.map(\.id)).count == 5)
    #expect(try !flash.list().contains { $0.hasPrefix("crash-") })
    #expect(played.faults == [])
  }

  @Test func aReportThatNobodyTakesIsRepeatedAndHoldsUpNoOther() async throws {
    let harness = try await AgentHarness()
    let played = try await PlayedDiagnostics(harness, acknowledges: false)
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      try #require(harness.launcher.app(1)).trap()
      try await eventually { played.crashes.count >= 2 }
      try await eventuallySome { harness.launcher.app(1) }.end(.killed(signal: 9))
      try await eventually { Set(played.crashes.map(\.code)) == ["unreachable", "killed"] }
      #expect(await agent.crashes.waiting.count == 2)
    }
  }

  @Test func anEndThatWasWantedIsNoCrash() async throws {
    let harness = try await AgentHarness()
    harness.launcher.set(.finishes(0), for: 1)
    try await harness.withAgent { agent in
      try await harness.notify(try harness.offer(1))
      try await harness.waitForReport { $0.version == 1 }
      try await harness.deploy(2)
      try await harness.deploy(3)
      #expect(await agent.crashes.waiting.isEmpty)
    }
  }
}
