import Foundations
import Synchronization
import UpdateCore

/// What waits for the agent's attention, in order.
///
/// Notifications come from outside and are bounded: of more than a few, the oldest gives way, as every one is told
/// again until the device runs what it should. All other events are the answers to things that the agent started, and
/// no more of them than those.
final class AgentMailbox: Sendable {
  private struct State {
    var events: [UpdateMachine.Event] = []
    var notifications: [FirmwareNotification] = []
    /// Who wants to know that events are still handled.
    var onTurn: (@Sendable () -> Void)?
    var isClosed = false
  }

  private static let maximumNotifications = 32

  private let state = Mutex(State())
  private let signal = TaskSignal()

  func post(_ event: UpdateMachine.Event) {
    state.withLock { $0.events.append(event) }
    signal.wake()
  }

  func post(_ notification: FirmwareNotification) {
    state.withLock { state in
      if state.notifications.count >= Self.maximumNotifications { state.notifications.removeFirst() }
      state.notifications.append(notification)
    }
    signal.wake()
  }

  /// Has the agent itself call this, between two events, if it gets there: at most one such call waits.
  func onNextTurn(_ call: @escaping @Sendable () -> Void) {
    state.withLock { $0.onTurn = call }
    signal.wake()
  }

  /// Says to whoever asked that the agent gets on. To be called also in what may take long and must not be cut short.
  func takeTurn() {
    let call = state.withLock { state in
      defer { state.onTurn = nil }
      return state.onTurn
    }
    call?()
  }

  func close() {
    state.withLock { $0.isClosed = true }
    signal.wake()
  }

  /// The next event; nil when the mailbox was closed or the task cancelled.
  func next() async -> UpdateMachine.Event? {
    while !Task.isCancelled {
      takeTurn()
      let (event, isClosed): (UpdateMachine.Event?, Bool) = state.withLock { state in
        if state.isClosed { return (nil, true) }
        if !state.events.isEmpty { return (state.events.removeFirst(), false) }
        if !state.notifications.isEmpty { return (.notified(state.notifications.removeFirst()), false) }
        return (nil, false)
      }
      if isClosed { return nil }
      if let event { return event }
      await signal.wait(upTo: nil)
    }
    return nil
  }
}
