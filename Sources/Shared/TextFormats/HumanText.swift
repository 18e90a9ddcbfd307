package import struct Foundation.Date

/// Quantities as people read them.
package enum HumanText {
  /// A number of bytes in binary units: `512 B`, `97.7 KiB`, `64 MiB`.
  package static func bytes(_ count: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var value = Double(count)
    var unit = 0
    // Where rounding to one digit would give 1024, the next unit is the better one.
    while abs(value) >= 1_023.95, unit + 1 < units.count {
      value /= 1_024
      unit += 1
    }
    return "\(unit == 0 ? String(count) : oneDigit(value)) \(units[unit])"
  }

  /// A time span in its two largest units: `340 ms`, `2.5 s`, `3 m 20 s`, `2 d 4 h`.
  package static func duration(_ duration: Duration) -> String {
    let (wholeSeconds, attoseconds) = duration.components
    let seconds = Double(wholeSeconds) + Double(attoseconds) / 1e18
    if seconds < 0 { return "-" + self.duration(.zero - duration) }
    if seconds < 0.001 { return seconds == 0 ? "0 s" : "\(oneDigit(seconds * 1e6)) µs" }
    if seconds < 1 { return "\(oneDigit(seconds * 1e3)) ms" }
    if seconds < 60 { return "\(oneDigit(seconds)) s" }
    let total = wholeSeconds
    let (major, majorUnit, minor, minorUnit) =
      switch total {
      case ..<3_600: (total / 60, "m", total % 60, "s")
      case ..<86_400: (total / 3_600, "h", total % 3_600 / 60, "m")
      default: (total / 86_400, "d", total % 86_400 / 3_600, "h")
      }
    return minor == 0 ? "\(major) \(majorUnit)" : "\(major) \(majorUnit) \(minor) \(minorUnit)"
  }

  /// How long ago something was: `just now`, `12 s ago`, `3 h ago`; `in 5 m` for the future.
  package static func ago(_ date: Date, now: Date = Date()) -> String {
    let seconds = now.timeIntervalSince(date)
    let magnitude = abs(seconds)
    if magnitude < 1 { return "just now" }
    let text =
      switch magnitude {
      case ..<60: "\(Int(magnitude)) s"
      case ..<3_600: "\(Int(magnitude / 60)) m"
      case ..<86_400: "\(Int(magnitude / 3_600)) h"
      // Dates may be absurdly far away.
      default: "\(Int(min(magnitude / 86_400, 1e9))) d"
      }
    return seconds > 0 ? "\(text) ago" : "in \(text)"
  }

  /// One digit after the point, left out when it is a zero.
  private static func oneDigit(_ value: Double) -> String {
    let tenths = (value * 10).rounded()
    let whole = Int(tenths / 10)
    let digit = Int(tenths) % 10
    return digit == 0 ? "\(whole)" : "\(whole).\(digit)"
  }
}
