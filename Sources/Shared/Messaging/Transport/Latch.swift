import Synchronization

/// Opens once; whoever waits goes on then, or at once if it is open already.
final class Latch: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastTicket = 0
  }

  private let state = Mutex(State())

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await wait(ticket: takeTicket(), heedsCancellation: false)
  }

  /// Also goes on when the task is cancelled.
  func waitUnlessCancelled() async throws {
    let ticket = takeTicket()
    await withTaskCancellationHandler {
      await wait(ticket: ticket, heedsCancellation: true)
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
    }
    try Task.checkCancellation()
  }

  private func takeTicket() -> Int {
    state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
  }

  private func wait(ticket: Int, heedsCancellation: Bool) async {
    await withCheckedContinuation { continuation in
      let mustWait = state.withLock { state in
        // A task cancelled before it waits finds its handler already run.
        guard !state.isOpen, !(heedsCancellation && Task.isCancelled) else { return false }
        state.waiting[ticket] = continuation
        return true
      }
      if !mustWait { continuation.resume() }
    }
  }
}
