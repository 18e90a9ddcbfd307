import DeviceProtocol
import FirmwareImage
import Foundation
import Mosquitto
import TestFlash
import TestSupport
import Testing

@testable import Agent
@testable import AppLink
@testable import DeviceStorage
@testable import Foundations
@testable import UpdateCore

/// What becomes of an app once it is started.
@Suite(.seated) struct AgentTrialTests {
  private static let boots = (1...9).map { BootID(bytes: [UInt8](repeating: $0, count: 16))! }

  /// What the device itself can't do for a moment says nothing of the version, and is told as what it waits for.
  @Test func aHostThatFailsForAMomentCondemnsNoVersion() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      harness.launcher.fail(launches: 3, processes: 3)
      try await harness.deploy(2)
      #expect(harness.reports.allSatisfy { $0.failed == nil })
      #expect(harness.reports.contains { $0.waiting?.version == 2 })
      #expect(harness.reports.last?.waiting == nil)
      #expect(harness.launcher.running == [2])
    }
  }

  /// The old version runs all the while, and in the end others get their turn.
  @Test func aHostThatFailsForeverGivesTheVersionUp() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      harness.launcher.fail(launches: 1000, processes: 0)
      try await harness.notify(try harness.offer(2))
      let report = try await harness.waitForReport { $0.status == "rolled-back" }
      #expect(report.failed?.version == 2 && report.reason?.contains("this device could not start it") == true)
      #expect(harness.launcher.running == [1])
      harness.launcher.fail(launches: 0, processes: 0)
      try await harness.deploy(3)
    }
  }

  @Test(arguments: ["trap", "start", "exit"]) func aBadVersionGivesWayToTheOldOne(_ how: String) async throws {
    let harness = try await AgentHarness()
    harness.launcher.set(how == "trap" ? .trapsAfterStart : how == "start" ? .failsToStart : .finishes(3), for: 2)
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      let bad = try harness.offer(2)
      try await harness.notify(bad)
      let report = try await harness.waitForReport { $0.status == "rolled-back" }
      #expect(report.version == 1 && report.slot == "A")
      #expect(report.failed == .init(version: 2, digest: bad.digest.description))
      #expect(report.reason?.isEmpty == false)
      try await eventually { harness.launcher.running == [1] }
      // Not sent again, not tried again; not after a restart either.
      try await harness.notify(bad)
      try await harness.waitForReport(after: report.sequence) { $0.status == "rolled-back" }
      #expect(harness.launcher.versions.filter { $0 == 2 }.count == 1)
      let lines = await agent.log.read(after: 0, count: 100).lines
      #expect(lines.contains { $0.source == "agent" && $0.level == "error" && $0.text.contains("rolled back") })
    }
    let last = harness.reports.map(\.sequence).max()!
    try await harness.withAgent { _ in
      let report = try await harness.waitForReport(after: last) { _ in true }
      #expect(report.status == "rolled-back" && report.version == 1)
      try await harness.deploy(3)
    }
  }

  @Test func aSilentAppIsConfirmedAfterItsTime() async throws {
    let harness = try await AgentHarness()
    harness.launcher.set(.silent, for: 1)
    var configuration = AgentHarness.configuration()
    configuration.trial = .milliseconds(300)
    try await harness.withAgent(configuration) { _ in
      try await harness.notify(try harness.offer(1))
      try await harness.waitForReport { $0.version == 1 && $0.status == "trial" }
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    }
  }

  @Test func aProgramThatEndsIsConfirmedAndStaysEnded() async throws {
    let harness = try await AgentHarness()
    harness.launcher.set(.finishes(0), for: 1)
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      try await eventually {
        await agent.log.read(after: 0, count: 100).lines.contains { $0.text.contains("ran to its end") }
      }
      #expect(harness.launcher.versions == [1])
      #expect(await agent.machine.isActiveFinished)
    }
  }

  @Test func aConfirmedAppThatCrashesIsStartedAgain() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      for count in 2...4 {
        try await eventually { harness.launcher.app(1) != nil }
        harness.launcher.app(1)?.trap()
        try await eventually { harness.launcher.versions.count == count }
      }
      #expect(harness.reports.allSatisfy { $0.status != "rolled-back" })
    }
  }

  @Test func theOldAppRunsWhileTheNewOneHangs() async throws {
    let harness = try await AgentHarness()
    harness.launcher.set(.hangs, for: 2)
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      try await harness.notify(try harness.offer(2))
      try await eventually { harness.launcher.versions == [1, 2] }
      #expect(harness.launcher.running == [1, 2])
      // One that is newer still waits for the end of this.
      try await harness.notify(try harness.offer(3))
      harness.launcher.app(2)?.end(
        .deadlineExceeded(call: "xtb_init", AppTrap(code: "interrupt", message: "m", frames: [])))
      try await harness.waitForReport { $0.version == 3 && $0.status == "confirmed" }
      #expect(harness.launcher.running == [3])
    }
  }

  /// How an agent's run ends during a trial.
  private enum Interruption: CaseIterable { case death, powerCut, onPurpose }

  @Test(arguments: [0, 1, 2]) func aTrialThatIsCutShortIsRepeatedButNotForEver(_ index: Int) async throws {
    let interruption = Interruption.allCases[index]
    let harness = try await AgentHarness()
    harness.launcher.set(.silent, for: 2)
    var configuration = AgentHarness.configuration()
    configuration.update = UpdatePolicy(survivedAgentDeaths: 1, survivedPowerCuts: 2)
    configuration.boot = Self.boots[0]
    let base = try DirectoryFlash(directory: harness.folder.path("flash"))
    var flash = try PowerCutFlash(base: base)
    var last: UInt64 = 0
    try await harness.withAgent(configuration, flash: flash) { _ in
      try await harness.deploy(1)
      try await harness.notify(try harness.offer(2))
      last = try await harness.waitForReport { $0.version == 2 && $0.status == "trial" }.sequence
      if interruption != .onPurpose { flash.cut() }
    }
    let survived = interruption == .death ? 1 : interruption == .powerCut ? 2 : 4
    for round in 1...survived {
      flash = try flash.reboot(.everything)
      if interruption == .powerCut { configuration.boot = Self.boots[round] }
      try await harness.withAgent(configuration, flash: flash) { _ in
        last = try await harness.waitForReport(after: last) { $0.version == 2 && $0.status == "trial" }.sequence
        if interruption != .onPurpose { flash.cut() }
      }
    }
    if interruption == .onPurpose { return }
    if interruption == .powerCut { configuration.boot = Self.boots[5] }
    try await harness.withAgent(configuration, flash: try flash.reboot(.everything)) { _ in
      let report = try await harness.waitForReport { $0.status == "rolled-back" }
      #expect(report.version == 1 && report.failed?.version == 2)
      #expect(report.reason?.hasPrefix(interruption == .death ? "the agent died" : "the power failed") == true)
      try await eventually { harness.launcher.running == [1] }
    }
  }

  @Test func aSilentAppIsRolledBackWhereTheDeviceIsSetSo() async throws {
    let harness = try await AgentHarness()
    var configuration = AgentHarness.configuration()
    configuration.trial = .milliseconds(300)
    configuration.update.unconfirmed = .rollBack
    harness.launcher.set(.silent, for: 2)
    try await harness.withAgent(configuration) { _ in
      try await harness.deploy(1)
      try await harness.notify(try harness.offer(2))
      try await harness.waitForReport { $0.version == 2 && $0.status == "trial" }
      let report = try await harness.waitForReport { $0.status == "rolled-back" }
      #expect(report.version == 1 && report.reason?.contains("confirm") == true)
      try await eventually { harness.launcher.app(1)?.isActive == true && harness.launcher.running == [1] }
    }
  }

  @Test func anAppThatDoesNotTakeOverGivesWayToTheOldOne() async throws {
    let harness = try await AgentHarness()
    var configuration = AgentHarness.configuration()
    configuration.startDeadline = .milliseconds(300)
    harness.launcher.set(.ignoresActivation, for: 2)
    try await harness.withAgent(configuration) { _ in
      try await harness.deploy(1)
      try await harness.notify(try harness.offer(2))
      let report = try await harness.waitForReport { $0.status == "rolled-back" }
      #expect(report.reason?.contains("did not take over") == true)
      try await eventually { harness.launcher.app(1)?.isActive == true && harness.launcher.running == [1] }
    }
  }

  @Test func theNewAppIsActiveOnlyOnceTheOldOneIsQuiet() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      let old = try #require(harness.launcher.app(1))
      harness.launcher.set(.silent, for: 2)
      harness.launcher.app(1)?.holdsOn()
      try await harness.notify(try harness.offer(2))
      try await eventually { old.isAskedToStop }
      let new = try #require(harness.launcher.app(2))
      #expect(!new.isActive && old.isActive)
      #expect(harness.reports.last?.version == 1)
      old.end(.stopped)
      let report = try await harness.waitForReport { $0.version == 2 && $0.status == "trial" }
      let gap = try #require(report.switchGapNanoseconds)
      #expect(gap > 0 && gap < 10_000_000_000)
      let lines = await agent.log.read(after: 0, count: 100).lines
      #expect(lines.contains { $0.text.hasPrefix("version 2 took over; no app handled events for ") })
    }
  }

  @Test func aLargeModuleIsCompiledBeforeItIsTried() async throws {
    let harness = try await AgentHarness()
    harness.launcher.set(.cannotBeCompiled, for: 2)
    var configuration = AgentHarness.configuration()
    configuration.compileAheadBytes = 0
    try await harness.withAgent(configuration) { _ in
      try await harness.deploy(1)
      try await harness.notify(try harness.offer(2))
      let report = try await harness.waitForReport { $0.status == "refused" }
      #expect(report.version == 1 && report.failed?.version == 2 && report.reason == "the module is damaged")
      #expect(harness.launcher.running == [1])
      #expect(harness.launcher.compiled == [1, 2])
      #expect(harness.launcher.versions == [1])
    }
  }

  @Test func anImageOfALowerSecurityEpochIsRefused() async throws {
    let harness = try await AgentHarness()
    var configuration = AgentHarness.configuration()
    configuration.update.lowestSecurityEpoch = 3
    try await harness.withAgent(configuration) { _ in
      for (version, epoch) in [(1, 2), (2, 3)] as [(UInt64, UInt32)] {
        let image = try TestImage(device: harness.device, version: version, securityEpoch: epoch)
        harness.offer(image.bytes, as: version)
        try await harness.notify(image)
        let report = try await harness.waitForReport { ($0.failed?.version ?? $0.version) == version }
        #expect(report.status == (epoch < 3 ? "refused" : report.status))
        if epoch < 3 { #expect(report.reason?.contains("security epoch is 2") == true) }
      }
      try await eventually { harness.launcher.running == [2] }
    }
  }

  @Test func aDamagedSlotGivesWayAndIsFetchedAgain() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      try await harness.deploy(2)
    }
    let path = harness.folder.path("flash/slot-b.image")
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    bytes[bytes.count - 1] ^= 1
    try Data(bytes).write(to: URL(filePath: path))
    let last = harness.reports.map(\.sequence).max()!
    try await harness.withAgent { _ in
      try await harness.waitForReport(after: last) { $0.version == 1 && $0.status == "confirmed" }
      try await eventually { harness.launcher.running == [1] }
      // The server sees the difference and says again what should run.
      try await harness.notify(try harness.offer(2))
      try await eventually { harness.launcher.running == [2] }
    }
  }

  @Test func whatAnAppWritesAndPublishesGetsOut() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      let app = try #require(harness.launcher.app(1))
      app.send(
        .log(
          AppLogLine(level: .warning, source: .stdout, realtimeNanoseconds: 7, monotonicNanoseconds: 8, text: "hello")))
      app.send(.publish(id: 1, topic: "sensors/one", payload: [1, 2], qos: 1))
      app.send(.publish(id: 2, topic: "sensors/two", payload: [3], qos: 0))
      for (id, topic) in [
        (3, ""), (4, "/x"), (5, "a/#"), (6, "a/+/b"), (7, "a\u{0}b"), (8, String(repeating: "t", count: 1025)),
      ] {
        app.send(.publish(id: UInt64(id), topic: topic, payload: [], qos: 1))
      }
      try await eventually { app.delivered.count == 8 }
      let codes = app.delivered.reduce(into: [UInt64: UInt8]()) { codes, delivery in
        if case .published(let id, let code) = delivery { codes[id] = code }
      }
      #expect(codes[1]! < 0x80 && codes[2]! < 0x80)
      for id in 3...8 as ClosedRange<UInt64> { #expect(codes[id]! >= 0x80) }
      try await eventually { harness.appMessages.count == 2 }
      #expect(
        harness.appMessages.map(\.topic).sorted() == ["one", "two"].map { "/apps/\(harness.device)/sensors/\($0)" })
      let lines = await agent.log.read(after: 0, count: 100).lines
      let line = try #require(lines.first { $0.text == "hello" })
      #expect(line.level == "warning" && line.source == "stdout" && line.firmwareVersion == 1)
      #expect(line.realtimeNanoseconds == 7 && line.monotonicNanoseconds == 8)
    }
  }
}
