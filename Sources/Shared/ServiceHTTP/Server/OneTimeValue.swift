import Synchronization

/// A value that comes once and may be waited for by many.
final class OneTimeValue<Value: Sendable>: Sendable {
  private enum State {
    case waiting([Int: CheckedContinuation<Value, any Error>], next: Int)
    case settled(Result<Value, any Error>)
  }

  private let state = Mutex(State.waiting([:], next: 0))

  /// Returns whether it was the first.
  @discardableResult
  func settle(_ result: Result<Value, any Error>) -> Bool {
    let waiters = state.withLock { state -> [CheckedContinuation<Value, any Error>]? in
      guard case .waiting(let waiters, _) = state else { return nil }
      state = .settled(result)
      return Array(waiters.values)
    }
    waiters?.forEach { $0.resume(with: result) }
    return waiters != nil
  }

  var value: Value {
    get async throws {
      let key = Mutex<Int?>(nil)
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let settled = state.withLock { state -> Result<Value, any Error>? in
            switch state {
            case .settled(let result): return result
            case .waiting(var waiters, let next):
              waiters[next] = continuation
              state = .waiting(waiters, next: next + 1)
              key.withLock { $0 = next }
              return nil
            }
          }
          if let settled { continuation.resume(with: settled) }
          if Task.isCancelled { key.withLock { $0 }.map(cancel) }
        }
      } onCancel: {
        key.withLock { $0 }.map(cancel)
      }
    }
  }

  private func cancel(_ key: Int) {
    let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
      guard case .waiting(var waiters, let next) = state else { return nil }
      let waiter = waiters.removeValue(forKey: key)
      state = .waiting(waiters, next: next)
      return waiter
    }
    waiter?.resume(throwing: CancellationError())
  }
}
