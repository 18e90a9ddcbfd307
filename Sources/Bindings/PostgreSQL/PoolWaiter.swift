import Synchronization

/// A caller in a pool's queue. It gets exactly one outcome, whichever comes first.
final class PoolWaiter: Sendable {
  typealias Grant = PoolState<ServerConnection, PoolWaiter>.Grant
  typealias Outcome = Result<Grant, PostgresError>

  private enum State {
    case undecided
    case waiting(CheckedContinuation<Outcome, Never>)
    case decided(Outcome)
    case finished
  }

  private let state = Mutex(State.undecided)

  /// - Returns: false if the outcome was decided already, and this one is not used.
  func decide(_ outcome: Outcome) -> Bool {
    let (isFirst, continuation) = state.withLock { state -> (Bool, CheckedContinuation<Outcome, Never>?) in
      switch state {
      case .undecided:
        state = .decided(outcome)
        return (true, nil)
      case .waiting(let continuation):
        state = .finished
        return (true, continuation)
      case .decided, .finished:
        return (false, nil)
      }
    }
    continuation?.resume(returning: outcome)
    return isFirst
  }

  /// Waits for the outcome. It may be called once.
  func outcome() async -> Outcome {
    await withCheckedContinuation { continuation in
      let decided: Outcome? = state.withLock { state in
        guard case .decided(let outcome) = state else {
          state = .waiting(continuation)
          return nil
        }
        state = .finished
        return outcome
      }
      if let decided { continuation.resume(returning: decided) }
    }
  }
}
