import Dispatch
import Synchronization

/// What waits to be handed to one end of an ``InMemoryTransport``, in order and one batch at a time.
final class InMemoryInbox<Element: Sendable>: Sendable {
  private struct State {
    var waiting: [Element] = []
    var isScheduled = false
    var isClosed = false
  }

  private let state = Mutex(State())
  private let queue: DispatchQueue
  private let capacity: Int
  private let receive: @Sendable ([Element]) -> Void

  init(label: String, capacity: Int, receive: @escaping @Sendable ([Element]) -> Void) {
    queue = DispatchQueue(label: label)
    self.capacity = capacity
    self.receive = receive
  }

  /// - Returns: false if the inbox is full or closed.
  func deliver(_ element: Element) -> Bool {
    add(element, limit: capacity)
  }

  /// Adds what must not be lost and comes seldom, whatever the bound.
  func report(_ element: Element) {
    _ = add(element, limit: .max)
  }

  /// Returns when no call of `receive` is under way and none will come.
  func close() async {
    state.withLock { $0.isClosed = true }
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume() }
    }
  }

  private func add(_ element: Element, limit: Int) -> Bool {
    let mustSchedule: Bool? = state.withLock { state in
      guard !state.isClosed, state.waiting.count < limit else { return nil }
      state.waiting.append(element)
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    guard let mustSchedule else { return false }
    if mustSchedule { queue.async { self.drain() } }
    return true
  }

  private func drain() {
    let batch = state.withLock { state in
      defer {
        state.waiting = []
        state.isScheduled = false
      }
      return state.isClosed ? [] : state.waiting
    }
    if !batch.isEmpty { receive(batch) }
  }
}
