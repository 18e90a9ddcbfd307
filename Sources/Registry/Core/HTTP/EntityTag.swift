/// The revision of a device as an entity tag (RFC 9110, section 8.8.3).
enum EntityTag {
  static func text(revision: Int64) -> String { "\"\(revision)\"" }

  /// What an `If-Match` asks for.
  enum Condition: Equatable {
    /// `*`, or no condition at all.
    case any
    case revision(Int64)
    /// A tag that no device here ever had.
    case never
  }

  static func condition(ifMatch text: String?) -> Condition {
    guard let text else { return .any }
    let trimmed = text.drop { $0 == " " }
    if trimmed == "*" { return .any }
    // A weak tag never matches here (RFC 9110, section 13.1.1).
    guard trimmed.count > 2, trimmed.hasPrefix("\""), trimmed.hasSuffix("\""),
      let revision = Int64(trimmed.dropFirst().dropLast()), self.text(revision: revision) == trimmed
    else { return .never }
    return .revision(revision)
  }
}
