import CXTB1

/// A length of time.
public struct Interval: Equatable, Sendable, Comparable {
  /// May be negative.
  public var nanoseconds: Int64

  /// So many nanoseconds.
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// So many nanoseconds.
  public static func nanoseconds(_ count: Int64) -> Interval { Interval(nanoseconds: count) }

  /// So many microseconds.
  public static func microseconds(_ count: Int64) -> Interval { Interval(nanoseconds: count * 1_000) }

  /// So many milliseconds.
  public static func milliseconds(_ count: Int64) -> Interval { Interval(nanoseconds: count * 1_000_000) }

  /// So many seconds.
  public static func seconds(_ count: Int64) -> Interval { Interval(nanoseconds: count * 1_000_000_000) }

  /// No time at all.
  public static let zero = Interval(nanoseconds: 0)

  /// Whether one is shorter than the other.
  public static func < (left: Interval, right: Interval) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// A clock of the device.
public enum Clock: Int32, Sendable {
  /// Nanoseconds since 1970, as far as the device knows.
  case realtime = 0
  /// Nanoseconds since the device's start; never goes back.
  case monotonic = 1

  /// The time.
  public var nanoseconds: Int64 { xtb_clock_ns(rawValue) }

  /// The smallest step.
  public var resolutionNanoseconds: Int64 { xtb_clock_res_ns(rawValue) }
}

/// Waits. `.notPossible` while an event is handled, which must not.
public func sleep(_ duration: Interval) throws(HostError) {
  try check(xtb_sleep_ns(duration.nanoseconds))
}

/// A timer of the host. Its ticks come as `Event.timer`.
public struct Timer: Equatable, Sendable {
  let handle: Int32

  /// Due `first` from now, then every `period`, which is at least 100 µs.
  public static func every(_ period: Interval, first: Interval = .zero) throws(HostError) -> Timer {
    guard period > .zero else { throw .invalidValue }
    return Timer(handle: try check(xtb_timer_start(first.nanoseconds, period.nanoseconds)))
  }

  /// Due once.
  public static func once(after delay: Interval) throws(HostError) -> Timer {
    Timer(handle: try check(xtb_timer_start(delay.nanoseconds, 0)))
  }

  /// No further ticks come.
  public func stop() throws(HostError) {
    try check(xtb_timer_stop(handle))
  }
}
