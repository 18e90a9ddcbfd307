internal import Glibc
import UpdateCore

extension WallClock {
  static var now: WallClock { WallClock(nanoseconds: read(CLOCK_REALTIME)) }

  /// Since boot.
  static func monotonicNanoseconds() -> UInt64 { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
