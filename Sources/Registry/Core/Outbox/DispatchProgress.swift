import Synchronization

/// How many calls a dispatcher has in progress, and whether it is to begin more.
final class DispatchProgress: Sendable {
  private struct State {
    var busyLanes = 0
    var isStopping = false
  }

  private let lanes: Int
  private let state = Mutex(State())

  init(lanes: Int) {
    self.lanes = lanes
  }

  var hasFreeLane: Bool { state.withLock { $0.busyLanes < lanes } }
  var isStopping: Bool { state.withLock(\.isStopping) }

  func takeLane() {
    state.withLock { $0.busyLanes += 1 }
  }

  func freeLane() {
    state.withLock { $0.busyLanes -= 1 }
  }

  func stop() {
    state.withLock { $0.isStopping = true }
  }
}
