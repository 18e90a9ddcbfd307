import Glibc

/// A point in time, to be shown.
struct WallClockTime: Sendable {
  let seconds: Int
  let nanoseconds: Int

  static func now() -> Self {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Self(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
  }

  /// In UTC, with milliseconds: `2026-11-22T14:06:00.123Z`.
  var iso8601: String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    let date = "\(padded(Int(parts.tm_year) + 1_900, 4))-\(padded(Int(parts.tm_mon) + 1))-\(padded(Int(parts.tm_mday)))"
    let clock = "\(padded(Int(parts.tm_hour))):\(padded(Int(parts.tm_min))):\(padded(Int(parts.tm_sec)))"
    return "\(date)T\(clock).\(padded(nanoseconds / 1_000_000, 3))Z"
  }

  private func padded(_ number: Int, _ digits: Int = 2) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
