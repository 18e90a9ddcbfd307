import TestSupport
import Testing

@testable import Foundations

@Suite(.seated) struct TaskSignalTests {
  @Test func aWakeBeforeTheSleepCounts() async {
    let signal = TaskSignal()
    signal.wake()
    signal.wake()
    let start = ContinuousClock.now
    await signal.wait(upTo: .seconds(600))
    #expect(ContinuousClock.now - start < .seconds(300))
    // Both counted as one.
    await signal.wait(upTo: .milliseconds(20))
  }

  @Test(arguments: [nil, Duration.seconds(600)])
  func aSleeperIsWoken(limit: Duration?) async {
    let signal = TaskSignal()
    let start = ContinuousClock.now
    await withTaskGroup { group in
      group.addTask { await signal.wait(upTo: limit) }
      await Task.yield()
      signal.wake()
    }
    #expect(ContinuousClock.now - start < .seconds(300))
  }

  @Test func allWhoSleepAreWoken() async throws {
    let signal = TaskSignal()
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<3 { group.addTask { await signal.wait(upTo: .seconds(600)) } }
      try await eventually("all sleep") { signal.waiterCount == 3 }
      signal.wake()
      try await group.waitForAll()
    }
    #expect(ContinuousClock.now - start < .seconds(300))
  }

  @Test func theTimeRunsOut() async {
    let start = ContinuousClock.now
    await TaskSignal().wait(upTo: .milliseconds(30))
    #expect(ContinuousClock.now - start >= .milliseconds(30))
  }

  @Test func aCancelledSleeperLeavesAtOnce() async {
    let signal = TaskSignal()
    let start = ContinuousClock.now
    let sleeper = Task { await signal.wait(upTo: .seconds(600)) }
    sleeper.cancel()
    await sleeper.value
    #expect(ContinuousClock.now - start < .seconds(300))
  }
}
