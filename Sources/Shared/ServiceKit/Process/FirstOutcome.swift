import Synchronization

/// What comes first of several, as the end of a task or its deadline. The others are not waited for.
final class FirstOutcome<Value: Sendable>: Sendable {
  private enum State {
    case open
    case waiting(CheckedContinuation<Value, Never>)
    case settled(Value)
  }

  private let state = Mutex(State.open)

  func settle(_ value: Value) {
    let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
      switch state {
      case .settled: return nil
      case .open:
        state = .settled(value)
        return nil
      case .waiting(let continuation):
        state = .settled(value)
        return continuation
      }
    }
    waiter?.resume(returning: value)
  }

  /// To be called once.
  func value() async -> Value {
    await withCheckedContinuation { continuation in
      let settled = state.withLock { state -> Value? in
        if case .settled(let value) = state { return value }
        state = .waiting(continuation)
        return nil
      }
      if let settled { continuation.resume(returning: settled) }
    }
  }
}
