import TestSupport
import Testing

@testable import Messaging

@Suite(.seated) struct ServerAdmissionTests {
  private let now = ContinuousClock.now
  private func later(_ seconds: Int) -> ContinuousClock.Instant { now + .seconds(seconds) }

  // `#expect` can't call what changes its subject, except through a function.

  /// What the worker is given: the job, or nil if it is to wait or to end.
  private func take(_ admission: inout ServerAdmission<String>, _ worker: Int) -> String? {
    var lapsed: [String] = []
    if case .run(let job) = admission.next(for: worker, now: now, lapsed: &lapsed) { return job }
    return nil
  }

  private func arrive(
    _ admission: inout ServerAdmission<String>, _ job: String, deadline: ContinuousClock.Instant
  ) -> ServerAdmission<String>.Refusal? {
    admission.arrive(job, deadline: deadline)
  }

  private func call(_ admission: inout ServerAdmission<String>) -> ServerAdmission<String>.Call {
    admission.callWorker()
  }

  private func park(_ admission: inout ServerAdmission<String>, _ worker: Int) -> Bool { admission.park(worker) }

  private func finish(_ admission: inout ServerAdmission<String>, _ worker: Int) -> Bool {
    let isOwed = admission.claim(worker)
    admission.finish(worker)
    return isOwed
  }

  @Test func requestsBeyondThoseThatRunAndWaitAreRefused() {
    var admission = ServerAdmission<String>(concurrency: 2, capacity: 1)
    for job in ["a", "b", "c"] { #expect(arrive(&admission, job, deadline: later(5)) == nil) }
    #expect(arrive(&admission, "d", deadline: later(5)) == .overloaded)
    #expect(call(&admission) == .spawn(1))
    #expect(take(&admission, 1) == "a")
    #expect(call(&admission) == .spawn(2))
    #expect(take(&admission, 2) == "b")
    #expect(call(&admission) == .none, "no more workers than may run at once")
    #expect(arrive(&admission, "e", deadline: later(5)) == .overloaded)
    #expect(finish(&admission, 1))
    #expect(arrive(&admission, "f", deadline: later(5)) == nil)
    #expect(take(&admission, 1) == "c")
  }

  @Test func oneWorkerIsOnItsWayAtATime() {
    var admission = ServerAdmission<String>(concurrency: 8, capacity: 8)
    for job in ["a", "b", "c"] { _ = arrive(&admission, job, deadline: later(5)) }
    #expect(call(&admission) == .spawn(1))
    #expect(call(&admission) == .none)
    #expect(take(&admission, 1) == "a")
    #expect(call(&admission) == .spawn(2))
    // The first is quick and takes the rest before the second comes.
    #expect(take(&admission, 1) == "b")
    #expect(call(&admission) == .none)
    #expect(take(&admission, 1) == "c")
    #expect(take(&admission, 2) == nil)
    #expect(park(&admission, 2))
    #expect(call(&admission) == .none)
  }

  @Test func aWaitingWorkerIsCalledBeforeANewOneIsMade() {
    var admission = ServerAdmission<String>(concurrency: 8, capacity: 8)
    _ = arrive(&admission, "a", deadline: later(5))
    #expect(call(&admission) == .spawn(1))
    #expect(take(&admission, 1) == "a")
    #expect(take(&admission, 1) == nil)
    #expect(park(&admission, 1))
    _ = arrive(&admission, "b", deadline: later(5))
    #expect(call(&admission) == .resume(1))
    #expect(take(&admission, 1) == "b")
  }

  @Test func aWorkerDoesNotWaitForWhatHasComeAlready() {
    var admission = ServerAdmission<String>(concurrency: 1, capacity: 8)
    _ = arrive(&admission, "a", deadline: later(5))
    #expect(call(&admission) == .spawn(1))
    #expect(take(&admission, 1) == "a")
    #expect(take(&admission, 1) == nil)
    _ = arrive(&admission, "b", deadline: later(5))
    #expect(!park(&admission, 1))
    #expect(take(&admission, 1) == "b")
  }

  @Test func requestsLeaveTheQueueInOrder() {
    var admission = ServerAdmission<String>(concurrency: 1, capacity: 5_000)
    for number in 0...3_000 { #expect(arrive(&admission, "\(number)", deadline: later(5)) == nil) }
    for number in 0...3_000 { #expect(take(&admission, 1) == "\(number)") }
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
    #expect(call(&admission) == .spawn(1))
    #expect(take(&admission, 1) == "a")
    _ = arrive(&admission, "b", deadline: later(5))
    #expect(call(&admission) == .none)
    #expect(finish(&admission, 1))
    admission.end(1)
    #expect(call(&admission) == .spawn(2))
    // It ends before it came: another takes its place.
    admission.end(2)
    #expect(call(&admission) == .spawn(3))
    #expect(take(&admission, 3) == "b")
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
    #expect(arrive(&admission, "d", deadline: later(5)) == .draining)
    #expect(!admission.isDrained)
    #expect(finish(&admission, 1))
    #expect(take(&admission, 1) == nil)
    let abandoned = admission.abandon().map(\.job)
    #expect(abandoned == ["b"])
    #expect(admission.isDrained)
    #expect(!finish(&admission, 2))
  }
}
