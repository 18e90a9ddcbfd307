import CXTB1

/// A length of time.
public struct Interval: Equatable, Sendable, Comparable {
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static func nanoseconds(_ count: Int64) -> Interval { Interval(nanoseconds: count) }
  public static func microseconds(_ count: Int64) -> Interval { Interval(nanoseconds: count * 1_000) }
  public static func milliseconds(_ count: Int64) -> Interval { Interval(nanoseconds: count * 1_000_000) }
  public static func seconds(_ count: Int64) -> Interval { Interval(nanoseconds: count * 1_000_000_000) }

  public static let zero = Interval(nanoseconds: 0)

  public static func < (left: Interval, right: Interval) -> Bool { left.nanoseconds < right.nanoseconds }
}

public enum Clock: Int32, Sendable {
  /// Nanoseconds since 1970, as far as the device knows.
  case realtime = 0
  /// Nanoseconds since the device's start; never goes back.
  case monotonic = 1

  public var nanoseconds: Int64 { xtb_clock_ns(rawValue) }
  public var resolutionNanoseconds: Int64 { xtb_clock_res_ns(rawValue) }
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

  public func stop() throws(HostError) {
    try check(xtb_timer_stop(handle))
  }
}
