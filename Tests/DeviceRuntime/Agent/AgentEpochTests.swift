import Foundation
import Synchronization
import TestSupport
import Testing

@testable import DeviceRuntimeCore

/// A flash that went back in time, and a Registry that holds something else than the device remembers.
@Suite(.seated, .timeLimit(.minutes(10))) struct AgentEpochTests {
  private func isHeld(_ report: AgentHarness.Report, _ harness: AgentHarness) -> Bool {
    harness.held.withLock { $0 == ReportPosition(epoch: report.epoch ?? "", sequence: report.sequence) }
  }

  @Test func anOldCopyOfTheFlashStatesUnderAnotherEpoch() async throws {
    let harness = try await AgentHarness()
    let (flash, copy) = (harness.folder.path("flash"), harness.folder.path("copy"))
    harness.held.withLock { $0 = ReportPosition(epoch: "", sequence: 0) }
    try await harness.withAgent { _ in try await harness.deploy(1) }
    try FileManager.default.copyItem(atPath: flash, toPath: copy)
    for version: UInt64 in 2...4 { try await harness.withAgent { _ in try await harness.deploy(version) } }
    let before = try #require(harness.held.withLock { $0 })

    try FileManager.default.removeItem(atPath: flash)
    try FileManager.default.copyItem(atPath: copy, toPath: flash)
    let count = harness.reports.count
    try await harness.withAgent(awaitsReport: false) { _ in
      let taken = try await eventuallySome("a report that is taken") {
        harness.reports.dropFirst(count).first { isHeld($0, harness) && $0.epoch != before.epoch }
      }
      #expect(taken.version == 1)
      #expect(taken.supersedes == before)
    }
    // The new epoch is kept: the next start needs no second word.
    let restarted = harness.reports.count
    try await harness.withAgent(awaitsReport: false) { _ in
      try await eventually("a report after the restart") { harness.reports.count > restarted }
      #expect(harness.reports[restarted].supersedes == nil)
    }
  }

  /// Whoever took over the Notifier must not make devices talk without end, nor wear their flash.
  @Test func anAnswerThatNeverTakesAReportMakesNoFlood() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      let count = harness.reports.count
      // Nobody's, and always another: nothing supersedes it.
      let liar = Task {
        while !Task.isCancelled {
          harness.held.withLock {
            $0 = ReportPosition(
              epoch: RandomName.text(RandomName.make()), sequence: UInt64.random(in: 1...UInt64(Int64.max)))
          }
          try? await Task.sleep(for: .milliseconds(1))
        }
      }
      try await Task.sleep(for: .seconds(3))
      liar.cancel()
      await liar.value
      // Pauses of 50 ms that double, and repeats after 300 ms.
      #expect(harness.reports.count - count < 40)
      #expect(harness.reports.allSatisfy { $0.sequence < UInt64(Int64.max) })
    }
  }

  @Test func whatCanNotBeAPositionIsNoAnswer() async throws {
    let harness = try await AgentHarness()
    harness.held.withLock { $0 = ReportPosition(epoch: "no epoch", sequence: 7) }
    try await harness.withAgent { _ in
      try await eventually("a repeat") { harness.reports.count >= 3 }
      #expect(harness.reports.allSatisfy { $0.supersedes == nil })
    }
  }
}
