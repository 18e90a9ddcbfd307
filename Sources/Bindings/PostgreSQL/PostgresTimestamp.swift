package import FoundationEssentials

/// A moment as `timestamptz` stores it: `microsecondsSince1970`, whole ones, negative before.
package struct PostgresTimestamp: Sendable, Hashable, Comparable {
  package var microsecondsSince1970: Int64

  package init(microsecondsSince1970: Int64) {
    self.microsecondsSince1970 = microsecondsSince1970
  }

  /// Rounded to the nearest microsecond.
  package init(_ date: Date) {
    microsecondsSince1970 = Int64((date.timeIntervalSince1970 * 1_000_000).rounded())
  }

  /// The same moment, for calculating and showing.
  package var date: Date {
    Date(timeIntervalSince1970: Double(microsecondsSince1970) / 1_000_000)
  }

  /// This moment, by this machine's clock: where replicas must agree, the database's own `now()` is asked instead.
  package static var now: PostgresTimestamp { PostgresTimestamp(Date()) }

  package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
    left.microsecondsSince1970 < right.microsecondsSince1970
  }

  /// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in microseconds since 1970.
  private static let originMicroseconds: Int64 = 946_684_800_000_000

  /// Nil for `infinity` and `-infinity`, which are the extreme values on the wire.
  init?(wire: Int64) {
    let (value, overflow) = wire.addingReportingOverflow(Self.originMicroseconds)
    guard wire != .max, wire != .min, !overflow else { return nil }
    microsecondsSince1970 = value
  }

  /// What is sent; moments before PostgreSQL's range are sent as `-infinity`.
  var wire: Int64 {
    let (value, overflow) = microsecondsSince1970.subtractingReportingOverflow(Self.originMicroseconds)
    return overflow ? .min : value
  }
}
