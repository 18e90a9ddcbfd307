import Synchronization

/// Which of an app's publications wait for their acknowledgement.
final class PublicationLedger: Sendable {
  private struct State {
    var waiting: Set<UInt64> = []
    var lastID: UInt64 = 0
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int) {
    self.capacity = capacity
  }

  /// The ID of a new publication, from 1 and within 31 bits, as the app's result is an i32; nil if the queue is full.
  func add() -> UInt64? {
    state.withLock { state in
      guard state.waiting.count < capacity else { return nil }
      repeat {
        state.lastID = state.lastID % UInt64(Int32.max) + 1
      } while !state.waiting.insert(state.lastID).inserted
      return state.lastID
    }
  }

  /// Takes a publication out that was acknowledged; false if none with that ID waits.
  func settle(_ id: UInt64) -> Bool {
    state.withLock { $0.waiting.remove(id) != nil }
  }
}
