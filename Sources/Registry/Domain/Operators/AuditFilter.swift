package import FoundationEssentials
package import Foundations

/// Which entries of the audit log to show: those of one `principal` (also where a service claims to act for it), one
/// `action`, one `target`. What is nil filters nothing.
package struct AuditFilter: Sendable, Equatable {
  package var principal: String?
  package var action: String?
  package var target: String?
  /// Entries at this time or later.
  package var since: Date?
  /// Entries before this time.
  package var until: Date?

  /// All entries.
  package static let all = AuditFilter(principal: nil, action: nil, target: nil, since: nil, until: nil)

  private init(principal: String?, action: String?, target: String?, since: Date?, until: Date?) {
    self.principal = principal
    self.action = action
    self.target = target
    self.since = since
    self.until = until
  }

  /// Makes a filter of what a client wrote; empty texts filter nothing.
  ///
  /// - Throws: `invalid` for texts that no entry can have, or times outside the years 1970 to 9999.
  package init(
    principal: String, action: String, target: String, since: Date?, until: Date?
  ) throws(RequestFailure) {
    self.init(
      principal: try Self.text(principal, "principal", maximumBytes: 200),
      action: try Self.text(action, "action", maximumBytes: AuditRecord.actionBytes),
      target: try Self.text(target, "target", maximumBytes: AuditRecord.targetBytes),
      since: try Self.time(since, "since"), until: try Self.time(until, "until"))
  }

  private static func text(_ text: String, _ field: String, maximumBytes: Int) throws(RequestFailure) -> String? {
    if text.isEmpty { return nil }
    return try FieldText.printable(text, field: field, length: 1...maximumBytes)
  }

  private static func time(_ date: Date?, _ field: String) throws(RequestFailure) -> Date? {
    guard let date else { return nil }
    guard (earliest...latest).contains(date) else {
      throw RequestFailure(field: field, "is not a time between the years 1970 and 9999")
    }
    return date
  }

  private static let earliest = Date(timeIntervalSince1970: 0)
  /// 9999-12-31T23:59:59Z
  private static let latest = Date(timeIntervalSince1970: 253_402_300_799)
}
