#if canImport(Glibc)
  package import Glibc
#else
  package import Musl
#endif

/// The kernel's clocks, in nanoseconds.
package enum KernelClock {
  /// What the clock of that number shows, such as `CLOCK_MONOTONIC` (clock_gettime(2)).
  package static func nanoseconds(_ id: clockid_t) -> UInt64 {
    var time = timespec()
    // Fails only for a clock that does not exist.
    clock_gettime(id, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// The time since boot, which never jumps.
  package static func monotonicNanoseconds() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }

  /// Returns when the monotonic clock shows `deadline`.
  package static func sleep(until deadline: UInt64) {
    var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
  }

  /// The time since 1970, which may jump when the clock is set.
  package static func realtimeNanoseconds() -> UInt64 { nanoseconds(CLOCK_REALTIME) }
}

extension Duration {
  /// The duration in nanoseconds: 0 for a negative one, and at most 292 years.
  package var clampedNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < Int64.max / 1_000_000_000 else { return UInt64(Int64.max) }
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}
