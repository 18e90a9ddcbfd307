import DeviceHardware
import Foundations

/// What happens to an app, in the order in which it is told.
extension AppContext {
  enum Next: Equatable {
    case event(HostEvent)
    case stop
    /// Nothing until the deadline.
    case nothing
  }

  /// The next event, waiting for one until the monotonic clock shows `deadline`; for ever without one. The message
  /// that could be read until now can't be any more.
  func next(until deadline: UInt64? = nil) -> Next {
    message = nil
    while true {
      if let event = takeRest() { return .event(event) }
      let now = KernelClock.monotonicNanoseconds()
      // Timers and what others sent take turns, so that neither can shut the other out.
      if isTimersTurn, let tick = timers.takeDue(now: now) {
        isTimersTurn = false
        return .event(HostEvent(kind: .timer, handle: tick.handle, time: tick.due, argument: tick.missed))
      }
      switch state.inbox.take() {
      case .stop: return .stop
      case let item?:
        isTimersTurn = true
        accept(item, now)
      case nil:
        if !isTimersTurn {
          isTimersTurn = true
          continue
        }
        if let deadline, now >= deadline { return .nothing }
        state.inbox.wait(until: [deadline, timers.nextDue].compactMap { $0 }.min())
      }
    }
  }

  /// Makes events of what came.
  private func accept(_ item: AppInbox.Item, _ now: UInt64) {
    switch item {
    case .stop: break
    case .published(let id, let code):
      guard state.publications.settle(id) else { return }
      rest.append(
        HostEvent(kind: .published, handle: Int32(truncatingIfNeeded: id), time: now, argument: Self.argument(code)))
    case .subscribed(let handle, let code):
      guard subscriptions.contains(handle) else { return }
      if code >= 0x80 { subscriptions.remove(handle) }
      rest.append(HostEvent(kind: .subscribed, handle: handle, time: now, argument: Self.argument(code)))
    case .message(let message):
      waitingMessage = message
      rest += message.handles.filter(subscriptions.contains).map { handle in
        HostEvent(kind: .message, handle: handle, time: now, argument: Int64(message.payload.count))
      }
    case .pin(let change):
      rest.append(
        HostEvent(kind: .pin, handle: change.handle, time: change.nanoseconds, argument: Int64(change.level)))
    }
  }

  /// The next of the events that came of one item.
  private func takeRest() -> HostEvent? {
    guard !rest.isEmpty else { return nil }
    let event = rest.removeFirst()
    if event.kind == .message {
      // The app may have ended the subscription in the event before this.
      guard subscriptions.contains(event.handle), let waitingMessage else { return takeRest() }
      message = (event.handle, waitingMessage)
    }
    return event
  }

  private static func argument(_ reasonCode: UInt8) -> Int64 { reasonCode < 0x80 ? 0 : Int64(reasonCode) }
}
