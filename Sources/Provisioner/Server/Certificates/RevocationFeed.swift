package import NIOCore
import OpenSSL
import ServiceLifecycle
import Synchronization

/// What this replica knows of revocations, for those who wait for news.
package final class RevocationFeed: Sendable {
  private struct State {
    var snapshot: RevocationSnapshot?
    /// The snapshot's lists as text, made when they are asked for and shared by all who do.
    var text: (tag: String, bytes: ByteBuffer)?
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var lastWaiter: UInt64 = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// What is known now; nil until the database was asked for the first time.
  package var current: RevocationSnapshot? { state.withLock { $0.snapshot } }

  func publish(_ snapshot: RevocationSnapshot) {
    let waiters = state.withLock { state in
      state.snapshot = snapshot
      state.text = nil
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// All lists of a snapshot in PEM.
  package func text(of snapshot: RevocationSnapshot) throws -> ByteBuffer {
    let tag = snapshot.tag
    if let text = state.withLock({ $0.text }), text.tag == tag { return text.bytes }
    var bytes = ByteBuffer()
    for list in snapshot.lists { bytes.writeString(try list.pem) }
    return state.withLock { [bytes] state in
      if state.snapshot?.tag == tag { state.text = (tag, bytes) }
      return bytes
    }
  }

  /// How many wait for news now.
  var waiterCount: Int { state.withLock { $0.waiters.count } }

  /// Waits until something is known that the asker does not know, until the wait is over, or until the server that was
  /// asked is to end.
  package func next(
    unless isKnown: @escaping @Sendable (RevocationSnapshot) -> Bool, atMost wait: Duration
  ) async -> RevocationSnapshot? {
    if let current, !isKnown(current) || wait <= .zero { return current }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: wait) }
      group.addTask { await self.waitForNews(isKnown) }
      // Each service keeps a question open all the time: the server would wait for the last of them.
      group.addTask { try? await gracefulShutdown() }
      await group.next()
      group.cancelAll()
    }
    return current
  }

  private func waitForNews(_ isKnown: @escaping @Sendable (RevocationSnapshot) -> Bool) async {
    let ticket = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if Task.isCancelled || (state.snapshot.map { !isKnown($0) } ?? false) { return true }
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
