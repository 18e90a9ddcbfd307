import AppLink
import Foundations
import Synchronization

/// An app's events on their way to the agent. Bounded: at the bound log lines are dropped and counted, and
/// publications are refused; what tells the app's state always gets through, as each such event comes once.
final class AppEventBuffer: Sendable {
  static let capacity = 4096
  static let publicationCapacity = 256

  private struct State {
    var events: [AppEvent] = []
    var publications = 0
    var droppedLines: UInt64 = 0
    var isFinished = false
    var reader: CheckedContinuation<AppEvent?, Never>?
  }

  private let state = Mutex(State())

  /// Adds an event; false if it was dropped.
  func put(_ event: AppEvent) -> Bool {
    let (accepted, reader): (Bool, CheckedContinuation<AppEvent?, Never>?) = state.withLock { state in
      guard !state.isFinished else { return (false, nil) }
      if let reader = state.reader {
        state.reader = nil
        return (true, reader)
      }
      if state.events.count >= Self.capacity {
        switch event {
        case .log:
          state.droppedLines += 1
          return (false, nil)
        // The next ones say the same and more.
        case .pins, .publish, .subscribe: return (false, nil)
        // Of key-value requests there is one at a time, and no more unsubscriptions than subscriptions, if the app's
        // process is what it should be.
        case .keyValue, .unsubscribe, .healthConfirmed:
          if state.events.count >= 2 * Self.capacity { return (false, nil) }
        case .started, .activated, .quiet, .ended: break
        }
      }
      if case .publish = event {
        // The app's own queue is shorter; these are the large ones.
        guard state.publications < Self.publicationCapacity else { return (false, nil) }
        state.publications += 1
      }
      state.events.append(event)
      return (true, nil)
    }
    reader?.resume(returning: event)
    return accepted
  }

  /// The stream ends after what is in it.
  func finish() {
    let reader = state.withLock { state in
      state.isFinished = true
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: nil)
  }

  /// The events, for one reader.
  var stream: AsyncStream<AppEvent> {
    AsyncStream(unfolding: { await self.next() }, onCancel: { self.wakeReader() })
  }

  private func next() async -> AppEvent? {
    await withCheckedContinuation { continuation in
      let ready: AppEvent?? = state.withLock { state in
        if state.droppedLines > 0 {
          defer { state.droppedLines = 0 }
          return Self.note(dropped: state.droppedLines)
        }
        if !state.events.isEmpty {
          let event = state.events.removeFirst()
          if case .publish = event { state.publications -= 1 }
          return event
        }
        if state.isFinished { return .some(nil) }
        state.reader?.resume(returning: nil)
        state.reader = continuation
        return nil
      }
      if let ready { continuation.resume(returning: ready) }
    }
  }

  private func wakeReader() {
    let reader = state.withLock { state in
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: nil)
  }

  private static func note(dropped: UInt64) -> AppEvent {
    .log(
      AppLogLine(
        level: .warning, source: .host, realtimeNanoseconds: KernelClock.realtimeNanoseconds(),
        monotonicNanoseconds: KernelClock.monotonicNanoseconds(),
        text: "\(dropped) log lines were dropped because the agent did not keep up"))
  }
}
