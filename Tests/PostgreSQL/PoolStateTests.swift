import TestSupport
import Testing

@testable import PostgreSQL

@Suite(.seated) struct PoolStateTests {
  private final class Caller {}
  private typealias State = PoolState<Int, Caller>

  private func isGrantedToOpen(_ admission: State.Admission) -> Bool {
    if case .granted(.open) = admission { true } else { false }
  }

  @Test func grantsTheRightToOpenUpToTheBoundThenQueuesThenRefuses() {
    var state = State(maximumConnections: 2, maximumWaiters: 1)
    #expect(isGrantedToOpen(state.admit(Caller())))
    #expect(isGrantedToOpen(state.admit(Caller())))
    guard case .queued = state.admit(Caller()) else {
      Issue.record("another outcome")
      return
    }
    guard case .refused = state.admit(Caller()) else {
      Issue.record("another outcome")
      return
    }
    #expect(state.grantedCount == 2)
  }

  @Test func theConnectionUsedLastIsUsedFirst() {
    var state = State(maximumConnections: 3, maximumWaiters: 0)
    for _ in 0..<3 { _ = state.admit(Caller()) }
    for connection in [1, 2, 3] { _ = state.release(connection) }
    guard case .granted(.reuse(let connection)) = state.admit(Caller()) else {
      Issue.record("another outcome")
      return
    }
    #expect(connection == 3)
  }

  @Test func aReleasedConnectionGoesToTheFirstInTheQueue() {
    var state = State(maximumConnections: 1, maximumWaiters: 5)
    _ = state.admit(Caller())
    let (first, second) = (Caller(), Caller())
    _ = state.admit(first)
    _ = state.admit(second)
    guard case .handOver(let caller, .reuse(7)) = state.release(7) else {
      Issue.record("another outcome")
      return
    }
    #expect(caller === first)
    #expect(state.grantedCount == 1)
  }

  @Test func aLostConnectionStillFreesItsPlace() {
    var state = State(maximumConnections: 1, maximumWaiters: 5)
    _ = state.admit(Caller())
    let next = Caller()
    _ = state.admit(next)
    guard case .handOver(let caller, .open) = state.release(nil) else {
      Issue.record("another outcome")
      return
    }
    #expect(caller === next)
  }

  @Test func oneWhoLeftTheQueueGetsNothing() {
    var state = State(maximumConnections: 1, maximumWaiters: 5)
    _ = state.admit(Caller())
    let (first, second) = (Caller(), Caller())
    _ = state.admit(first)
    _ = state.admit(second)
    state.remove(first)
    guard case .handOver(let caller, _) = state.release(1) else {
      Issue.record("another outcome")
      return
    }
    #expect(caller === second)
  }

  @Test func closingTellsAllAndClosesWhatComesBack() {
    var state = State(maximumConnections: 2, maximumWaiters: 5)
    _ = state.admit(Caller())
    _ = state.admit(Caller())
    _ = state.release(1)
    let (waiters, idle) = state.close()
    #expect(waiters.isEmpty && idle == [1])
    guard case .closed = state.admit(Caller()) else {
      Issue.record("another outcome")
      return
    }
    guard case .close(2) = state.release(2) else {
      Issue.record("another outcome")
      return
    }
    #expect(state.grantedCount == 0)
  }
}
