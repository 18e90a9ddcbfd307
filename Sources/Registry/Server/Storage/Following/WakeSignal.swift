import Synchronization

/// Lets any number of tasks wake one that sleeps; several wakes before it looks count as one.
package final class WakeSignal: Sendable {
  private struct State {
    var isRaised = false
    var sleeper: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  package init() {}

  package func raise() {
    let sleeper = state.withLock { state in
      guard let sleeper = state.sleeper else {
        state.isRaised = true
        return nil as CheckedContinuation<Void, Never>?
      }
      state.sleeper = nil
      return sleeper
    }
    sleeper?.resume()
  }

  /// Returns when the signal is raised, after the duration, or when the task is cancelled.
  ///
  /// Only one task may wait at a time.
  package func wait(atMost duration: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: duration) }
      group.addTask { await self.waitUntilRaised() }
      await group.next()
      group.cancelAll()
    }
  }

  private func waitUntilRaised() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          precondition(state.sleeper == nil, "two tasks wait for one signal")
          if state.isRaised || Task.isCancelled {
            state.isRaised = false
            return true
          }
          state.sleeper = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        defer { state.sleeper = nil }
        return state.sleeper
      }
      sleeper?.resume()
    }
  }
}
