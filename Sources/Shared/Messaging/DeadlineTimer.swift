import Dispatch
import Synchronization

/// Calls back at the earliest of the instants it was armed for, once for each time it was armed.
final class DeadlineTimer: Sendable {
  private struct State {
    var source: (any DispatchSourceTimer)?
    var armedFor: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let queue: DispatchQueue

  init(label: String) {
    queue = DispatchQueue(label: label)
  }

  deinit {
    stop()
  }

  /// - Parameter action: must not keep the timer's owner alive.
  func start(_ action: @escaping @Sendable () -> Void) {
    state.withLock { state in
      let source = DispatchSource.makeTimerSource(queue: queue)
      source.setEventHandler { [weak self] in
        self?.state.withLock { $0.armedFor = nil }
        action()
      }
      source.activate()
      state.source = source
    }
  }

  /// Calls back at `instant` at the latest.
  func arm(for instant: ContinuousClock.Instant) {
    state.withLock { state in
      if let armedFor = state.armedFor, armedFor <= instant { return }
      state.armedFor = instant
      let delay = max(instant - .now, .zero)
      let nanoseconds = delay.components.seconds * 1_000_000_000 + delay.components.attoseconds / 1_000_000_000
      state.source?.schedule(deadline: .now() + .nanoseconds(Int(nanoseconds)), leeway: .milliseconds(1))
    }
  }

  func stop() {
    state.withLock { state in
      state.source?.cancel()
      state.source = nil
    }
  }
}
