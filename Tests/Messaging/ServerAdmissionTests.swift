import Testing

@testable import Messaging

@Suite struct ServerAdmissionTests {
  private let now = ContinuousClock.now
  private func later(_ seconds: Int) -> ContinuousClock.Instant { now + .seconds(seconds) }

  /// What the worker is given: the job, or nil if it is to wait or to end.
  private func take(
    _ admission: inout ServerAdmission<String>, _ worker: Int, at instant: ContinuousClock.Instant? = nil
  ) -> String? {
    var lapsed: [String] = []
    if case .run(let job) = admission.next(for: worker, now: instant ?? now, lapsed: &lapsed) { return job }
    return nil
  }

  // `#expect` can't call what changes its subject, except through a function.
  private func arrive(
    _ admission: inout ServerAdmission<String>, _ job: String, deadline: ContinuousClock.Instant
  ) -> ServerAdmission<String>.Arrival {
    admission.arrive(job, deadline: deadline)
  }

  private func finish(_ admission: inout ServerAdmission<String>, _ worker: Int) -> Bool {
    let isOwed = admission.claim(worker)
    admission.finish(worker)
    return isOwed
  }

  private func end(_ admission: inout ServerAdmission<String>, _ worker: Int) -> Int? { admission.end(worker) }

  @Test func workersAreStartedUpToTheLimitAndThenRequestsWait() {
    var admission = ServerAdmission<String>(concurrency: 2, capacity: 1)
    #expect(arrive(&admission, "a", deadline: later(5)) == .spawn(1))
    #expect(arrive(&admission, "b", deadline: later(5)) == .spawn(2))
    #expect(arrive(&admission, "c", deadline: later(5)) == .wait)
    #expect(arrive(&admission, "d", deadline: later(5)) == .refuse(.overloaded))
    #expect(take(&admission, 1) == "a")
    #expect(take(&admission, 2) == "b")
    #expect(arrive(&admission, "e", deadline: later(5)) == .refuse(.overloaded))
    #expect(finish(&admission, 1))
    #expect(take(&admission, 1) == "c")
    #expect(arrive(&admission, "f", deadline: later(5)) == .wait)
  }

  @Test func anIdleWorkerIsUsedBeforeANewOne() {
    var admission = ServerAdmission<String>(concurrency: 8, capacity: 8)
    #expect(arrive(&admission, "a", deadline: later(5)) == .spawn(1))
    #expect(take(&admission, 1) == "a")
    #expect(finish(&admission, 1))
    #expect(take(&admission, 1) == nil)
    #expect(arrive(&admission, "b", deadline: later(5)) == .start(1))
    #expect(admission.runningCount == 1)
  }

  @Test func requestsLeaveTheQueueInOrder() {
    var admission = ServerAdmission<String>(concurrency: 1, capacity: 5_000)
    #expect(arrive(&admission, "0", deadline: later(5)) == .spawn(1))
    for number in 1...3_000 { #expect(arrive(&admission, "\(number)", deadline: later(5)) == .wait) }
    for number in 0...3_000 {
      #expect(take(&admission, 1) == "\(number)")
      #expect(finish(&admission, 1))
    }
    #expect(take(&admission, 1) == nil)
  }

  @Test func whatIsLateBeforeItRunsDoesNotRun() {
    var admission = ServerAdmission<String>(concurrency: 1, capacity: 5)
    _ = arrive(&admission, "late", deadline: later(1))
    _ = arrive(&admission, "fine", deadline: later(9))
    var lapsed: [String] = []
    guard case .run("fine") = admission.next(for: 1, now: later(2), lapsed: &lapsed) else {
      Issue.record("the late request was handed out")
      return
    }
    #expect(lapsed == ["late"])
  }

  @Test func aDeadlineIsReportedOnceAndItsAnswerIsNotOwed() {
    var admission = ServerAdmission<String>(concurrency: 1, capacity: 5)
    _ = arrive(&admission, "running", deadline: later(1))
    _ = arrive(&admission, "waiting", deadline: later(2))
    _ = arrive(&admission, "patient", deadline: later(9))
    #expect(take(&admission, 1) == "running")
    #expect(admission.nextDeadline == later(1))

    let first = admission.lapse(now: later(2))
    #expect(first.waiting == ["waiting"])
    #expect(first.running.map(\.job) == ["running"])
    let second = admission.lapse(now: later(3))
    #expect(second.waiting.isEmpty && second.running.isEmpty)
    #expect(admission.nextDeadline == later(9))
    #expect(!finish(&admission, 1))
  }

  @Test func aWorkerThatEndsIsReplacedIfSomethingWaits() {
    var admission = ServerAdmission<String>(concurrency: 1, capacity: 5)
    _ = arrive(&admission, "a", deadline: later(5))
    #expect(take(&admission, 1) == "a")
    _ = arrive(&admission, "b", deadline: later(5))
    #expect(finish(&admission, 1))
    #expect(end(&admission, 1) == 2)
    #expect(take(&admission, 2) == "b")
    #expect(finish(&admission, 2))
    #expect(end(&admission, 2) == nil)
    #expect(arrive(&admission, "c", deadline: later(5)) == .spawn(3))
  }

  @Test func anAnswerInTheMakingIsOwedUntilItIsSent() {
    var admission = ServerAdmission<String>(concurrency: 1, capacity: 5)
    _ = admission.arrive("a", deadline: later(1))
    #expect(take(&admission, 1) == "a")
    _ = admission.drain()
    let isOwed = admission.claim(1)
    #expect(isOwed && !admission.isDrained)
    // Neither the deadline nor the end of the grace takes it away.
    let lapsed = admission.lapse(now: later(2)).running
    let abandoned = admission.abandon()
    #expect(lapsed.isEmpty && abandoned.isEmpty)
    admission.finish(1)
    #expect(admission.isDrained)
  }

  @Test func drainingRefusesWhatWaitsAndIsOverWhenTheRestIsAnswered() {
    var admission = ServerAdmission<String>(concurrency: 2, capacity: 5)
    _ = arrive(&admission, "a", deadline: later(5))
    _ = arrive(&admission, "b", deadline: later(5))
    #expect(take(&admission, 1) == "a")
    #expect(take(&admission, 2) == "b")
    _ = arrive(&admission, "c", deadline: later(5))
    let refused = admission.drain().refused
    #expect(refused == ["c"])
    #expect(arrive(&admission, "d", deadline: later(5)) == .refuse(.draining))
    #expect(!admission.isDrained)
    #expect(finish(&admission, 1))
    #expect(take(&admission, 1) == nil)
    let abandoned = admission.abandon().map(\.job)
    #expect(abandoned == ["b"])
    #expect(admission.isDrained)
    #expect(!finish(&admission, 2))
    #expect(end(&admission, 2) == nil)
  }
}
