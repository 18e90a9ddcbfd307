import ServiceKit
import Synchronization
import TestSupport
import Testing

@Suite(.seated) struct ReadinessTests {
  private struct Broken: Error, CustomStringConvertible {
    let description = "the database is away"
  }

  @Test func findingsNameWhatFails() async {
    let readiness = Readiness()
    readiness.add("database") { throw Broken() }
    readiness.add("broker") {}
    let findings = await readiness.findings()
    #expect(
      findings == [
        .init(name: "database", isReady: false, detail: "the database is away"),
        .init(name: "broker", isReady: true, detail: ""),
      ])
    #expect(await !readiness.isReady())
  }

  @Test func checkThatNeverEndsIsNotWaitedFor() async throws {
    let readiness = Readiness()
    readiness.add("stuck", deadline: .milliseconds(50)) {
      // Deaf to cancellation.
      await withCheckedContinuation { (_: CheckedContinuation<Void, Never>) in }
    }
    let findings = await readiness.findings()
    #expect(findings.first?.isReady == false)
    #expect(findings.first?.detail == "no answer within 50 ms")
  }

  @Test func manyWhoAskShareOneRound() async {
    let rounds = Atomic(0)
    let readiness = Readiness(validity: .seconds(600))
    readiness.add("counted") {
      rounds.add(1, ordering: .relaxed)
      await Task.yield()
    }
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 { group.addTask { await readiness.isReady() } }
      for await isReady in group { #expect(isReady) }
    }
    #expect(rounds.load(ordering: .relaxed) == 1)
  }

  @Test func answerIsNotKeptForLong() async {
    let isUp = Mutex(false)
    let readiness = Readiness(validity: .zero)
    readiness.add("flips") { if !isUp.withLock({ $0 }) { throw Broken() } }
    #expect(await !readiness.isReady())
    isUp.withLock { $0 = true }
    #expect(await readiness.isReady())
  }

  @Test func drainingIsNotReady() async {
    let readiness = Readiness()
    #expect(await readiness.isReady())
    readiness.drain()
    #expect(await !readiness.isReady())
  }
}
