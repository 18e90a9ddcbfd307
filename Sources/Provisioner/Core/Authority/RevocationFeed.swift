import Synchronization

/// What this replica knows of revocations, for those who wait for news.
package final class RevocationFeed: Sendable {
  private struct State {
    var snapshot: RevocationSnapshot?
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var lastWaiter: UInt64 = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// Nil until the database was asked for the first time.
  package var current: RevocationSnapshot? { state.withLock { $0.snapshot } }

  func publish(_ snapshot: RevocationSnapshot) {
    let waiters = state.withLock { state in
      state.snapshot = snapshot
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// What is known once it is something else than `known`, or after the wait.
  package func next(after known: UInt64, atMost wait: Duration) async -> RevocationSnapshot? {
    if let current, current.state != known || wait <= .zero { return current }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: wait) }
      group.addTask { await self.waitForNews(known) }
      await group.next()
      group.cancelAll()
    }
    return current
  }

  private func waitForNews(_ known: UInt64) async {
    let ticket = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if Task.isCancelled || (state.snapshot.map { $0.state != known } ?? false) { return true }
          state.waiters[ticket] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume()
    }
  }
}
