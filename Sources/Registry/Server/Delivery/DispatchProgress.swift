import Messaging
import Synchronization

/// How many calls a dispatcher has in progress, how large they may be, and whether it is to begin more.
final class DispatchProgress: Sendable {
  private struct State {
    var busyLanes = 0
    var isStopping = false
    var size: BatchSize
  }

  private let lanes: Int
  private let state: Mutex<State>

  init(lanes: Int, batchSize: Int) {
    self.lanes = lanes
    state = Mutex(State(size: BatchSize(maximum: batchSize)))
  }

  /// How many notifications the next call may have.
  var batchSize: Int { state.withLock { $0.size.current } }

  /// A call took too long, perhaps for one of its notifications: smaller ones part that from the others.
  func failed(at count: Int) {
    state.withLock { $0.size.shrink(after: count) }
  }

  /// A call was answered in time: further ones may be larger again.
  func succeeded(with count: Int) {
    state.withLock { $0.size.grow(after: count) }
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
