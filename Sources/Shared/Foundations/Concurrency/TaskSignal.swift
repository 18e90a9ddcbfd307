import Synchronization

/// Something to sleep on that can be woken from anywhere. A wake-up ends the waits of all who wait; while nobody waits, it
/// ends the next wait at once, so each wake-up is heard by somebody.
package final class TaskSignal: Sendable {
  private struct State {
    var isSet = false
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var lastTicket: UInt64 = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// How many wait now.
  var waiterCount: Int { state.withLock { $0.waiters.count } }

  /// Wakes all who wait, or whoever waits next.
  package func wake() {
    let waiters = state.withLock { state in
      if state.waiters.isEmpty { state.isSet = true }
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
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
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          // The second half of the race with a cancellation that came before there was a waiter.
          if state.isSet || Task.isCancelled {
            state.isSet = false
            return true
          }
          state.waiters[ticket] = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume()
    }
  }
}
