#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// A moment in whole seconds, written as RFC 3339 in UTC: `2026-11-22T14:06:00Z`.
package struct UTCTime: Hashable, Comparable, Sendable {
  /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
  package let secondsSince1970: Int64

  /// The values of ``secondsSince1970`` that the text can say: the years 1970 to 9999.
  package static let range: ClosedRange<Int64> = 0...253_402_300_799

  /// Clamps to the years 1970 to 9999.
  package init(secondsSince1970 seconds: Int64) {
    secondsSince1970 = min(max(seconds, Self.range.lowerBound), Self.range.upperBound)
  }

  /// The present moment by this machine's clock.
  package static var now: UTCTime { UTCTime(secondsSince1970: Int64(time(nil))) }

  /// Reads a text; nil unless it is exactly `YYYY-MM-DDThh:mm:ssZ`, from 1970 on, and there is such a day and second.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    let pattern = Array("0000-00-00T00:00:00Z".utf8)
    guard bytes.count == pattern.count else { return nil }
    var numbers: [Int64] = [0]
    for (byte, expected) in zip(bytes, pattern) {
      if expected == UInt8(ascii: "0") {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int64(byte - UInt8(ascii: "0"))
      } else {
        guard byte == expected else { return nil }
        numbers.append(0)
      }
    }
    let (year, month, day) = (numbers[0], numbers[1], numbers[2])
    guard year >= 1970, numbers[3] < 24, numbers[4] < 60, numbers[5] < 60 else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    // A day that there is comes back as it was written.
    guard Self.date(days: days) == (year, month, day) else { return nil }
    secondsSince1970 = days * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
  }

  package static func < (left: UTCTime, right: UTCTime) -> Bool { left.secondsSince1970 < right.secondsSince1970 }

  /// So many seconds later, or earlier; clamped to ``range``.
  package static func + (time: UTCTime, seconds: Int64) -> UTCTime {
    let (sum, overflow) = time.secondsSince1970.addingReportingOverflow(seconds)
    return UTCTime(secondsSince1970: overflow ? (seconds < 0 ? 0 : .max) : sum)
  }

  /// Days since 1970 of the Gregorian calendar; years are counted from March, so that leap days come last.
  /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = (shifted / 400, shifted % 400)
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The same paper's `civil_from_days`.
  private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}

extension UTCTime: CustomStringConvertible {
  package var description: String {
    let (days, second) = (secondsSince1970 / 86_400, secondsSince1970 % 86_400)
    let (year, month, day) = Self.date(days: days)
    func digits(_ value: Int64, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
      + "T\(digits(second / 3_600, 2)):\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2))Z"
  }
}
