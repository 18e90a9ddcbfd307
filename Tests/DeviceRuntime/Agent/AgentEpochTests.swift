import DeviceProtocol
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// A flash that went back in time, and a Registry that holds something else than the device remembers.
@Suite(.seated, .timeLimit(.minutes(10))) struct AgentEpochTests {
  private func isHeld(_ report: StateMessage, _ harness: AgentHarness) -> Bool {
    harness.held.withLock { $0 == StateMessage.Position(epoch: report.epoch ?? "", sequence: report.sequence) }
  }

  @Test func anOldCopyOfTheFlashStatesUnderAnotherEpoch() async throws {
    let harness = try await AgentHarness()
    let (flash, copy) = (harness.folder.path("flash"), harness.folder.path("copy"))
    harness.tracksPositions.withLock { $0 = true }
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
    harness.alwaysHoldsAnother.withLock { $0 = true }
    let start = ContinuousClock.now
    try await harness.withAgent { _ in
      try await eventually("six restatements") {
        Set(harness.reports.map(\.epoch)).count >= 7
      }
      // At least half of 50 ms, 100 ms, 200 ms, 400 ms and 800 ms lies between them.
      #expect(ContinuousClock.now - start >= .milliseconds(775))
      #expect(harness.reports.allSatisfy { $0.sequence < UInt64(Int64.max) })
    }
  }

  @Test func whatCanNotBeAPositionIsNoAnswer() async throws {
    let harness = try await AgentHarness()
    harness.held.withLock { $0 = StateMessage.Position(epoch: "no epoch", sequence: 7) }
    try await harness.withAgent { _ in
      try await eventually("a repeat") { harness.reports.count >= 3 }
      #expect(harness.reports.allSatisfy { $0.supersedes == nil })
    }
  }
}
