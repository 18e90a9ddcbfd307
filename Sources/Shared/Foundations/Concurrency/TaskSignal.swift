internal import Synchronization

/// Something to sleep on, for one waiter at a time, that can be woken from anywhere. A wake-up while nobody waits ends
/// the next wait at once.
package final class TaskSignal: Sendable {
  private struct State {
    var isSet = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  package init() {}

  /// Wakes whoever waits, or whoever waits next.
  package func wake() {
    let waiter = state.withLock { state in
      let waiter = state.waiter
      state.waiter = nil
      if waiter == nil { state.isSet = true }
      return waiter
    }
    waiter?.resume()
  }

  /// Returns when woken, after `limit`, or when the task is cancelled.
  package func wait(upTo limit: Duration?) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.waitUntilWoken() }
      if let limit { group.addTask { try? await Task.sleep(for: limit) } }
      await group.next()
      group.cancelAll()
    }
  }

  private func waitUntilWoken() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          // The second half of the race with a cancellation that came before there was a waiter.
          if state.isSet || Task.isCancelled {
            state.isSet = false
            return true
          }
          precondition(state.waiter == nil, "two tasks wait for one signal")
          state.waiter = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume()
    }
  }
}
