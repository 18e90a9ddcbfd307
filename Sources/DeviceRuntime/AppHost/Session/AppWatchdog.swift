import Synchronization

/// The watchdog that an app arms for itself. One thread feeds it, another looks after it.
final class AppWatchdog: Sendable {
  /// 1 millisecond to 1 day.
  static let timeouts: ClosedRange<Int64> = 1_000_000...86_400_000_000_000

  /// Nanoseconds; 0: not armed.
  private let timeout = Atomic<UInt64>(0)
  /// When it must have been fed, on the monotonic clock.
  private let due = Atomic<UInt64>(.max)
  private let isRunning = Atomic(false)

  /// The app handles events from now on. What it armed before could not be fed.
  func begin(now: UInt64) {
    _ = feed(now: now)
    isRunning.store(true, ordering: .releasing)
  }

  func arm(_ nanoseconds: UInt64, now: UInt64) {
    timeout.store(nanoseconds, ordering: .relaxed)
    due.store(now &+ nanoseconds, ordering: .releasing)
  }

  func disarm() {
    due.store(.max, ordering: .releasing)
    timeout.store(0, ordering: .relaxed)
  }

  /// Feeds the watchdog; false if it is not armed.
  func feed(now: UInt64) -> Bool {
    let nanoseconds = timeout.load(ordering: .relaxed)
    guard nanoseconds > 0 else { return false }
    due.store(now &+ nanoseconds, ordering: .releasing)
    return true
  }

  /// - Returns: the timeout that was missed, in nanoseconds; when to look again, or nil if it is not armed.
  func look(now: UInt64) -> (missed: UInt64?, next: UInt64?) {
    let due = due.load(ordering: .acquiring)
    guard due != .max, isRunning.load(ordering: .acquiring) else { return (nil, nil) }
    return now >= due ? (timeout.load(ordering: .relaxed), nil) : (nil, due)
  }
}
