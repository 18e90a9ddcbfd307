import Foundations
import Synchronization

/// When an app stopped handling events, for one who waits for it.
final class QuietMoment: Sendable {
  private let time = Mutex<UInt64?>(nil)
  private let signal = TaskSignal()

  /// Monotonic, in nanoseconds; nil: it still handles them.
  var nanoseconds: UInt64? { time.withLock { $0 } }

  /// Notes the moment; the first word counts.
  func note(at nanoseconds: UInt64) {
    time.withLock { $0 = $0 ?? nanoseconds }
    signal.wake()
  }

  /// Returns when it was noted, or the task is cancelled.
  func wait() async {
    while nanoseconds == nil, !Task.isCancelled { await signal.wait(upTo: nil) }
  }
}
