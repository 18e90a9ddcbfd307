import AppLink
import Synchronization
import ZeroMQ

/// What goes from the app's thread to the thread that talks to the agent. Never blocks the app.
final class AppOutbox: Sendable {
  private struct State {
    var events: [AppEvent] = []
    var lines = 0
    var lost: UInt64 = 0
  }

  /// Lines that may wait; more are dropped. Everything else is bounded by its nature: publications by their queue,
  /// states by happening once.
  static let lineCapacity = 1024

  let signal: WakeSignal
  private let state = Mutex(State())
  private let puts = Atomic<UInt64>(0)

  init() throws(ZeroMQError) {
    signal = try WakeSignal()
  }

  /// Grows with each put: whether an app makes itself heard.
  var activity: UInt64 { puts.load(ordering: .relaxed) }

  func put(_ event: AppEvent) {
    puts.add(1, ordering: .relaxed)
    let isFirst = state.withLock { state in
      if case .log = event {
        guard state.lines < Self.lineCapacity else {
          state.lost += 1
          return false
        }
        state.lines += 1
      }
      state.events.append(event)
      return state.events.count == 1
    }
    if isFirst { signal.raise() }
  }

  /// All that waits, in order, and how many lines were lost since the last call.
  func takeAll() -> (events: [AppEvent], lostLines: UInt64) {
    state.withLock { state in
      let taken = (state.events, state.lost)
      state = State()
      return taken
    }
  }
}
