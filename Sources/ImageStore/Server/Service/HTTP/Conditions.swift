import HTTPTypes

/// The conditions of a GET or HEAD (RFC 9110, section 13), evaluated in the order of 13.2.2.
enum Conditions {
  enum Outcome: Equatable {
    case send(ByteRange)
    case notModified
    case preconditionFailed
  }

  /// - Parameter entityTag: the strong tag of what would be sent, with its quotes.
  static func evaluate(
    _ headers: HTTPFields, method: HTTPRequest.Method, entityTag: String, lengthBytes: UInt64
  ) -> Outcome {
    if let wanted = headers[.ifMatch], !matches(wanted, entityTag, weakly: false) { return .preconditionFailed }
    if let known = headers[.ifNoneMatch], matches(known, entityTag, weakly: true) { return .notModified }
    // Ranges are defined for GET only. A date in If-Range can't match, as no dates are sent.
    guard method == .get, let range = headers[.range] else { return .send(.whole) }
    if let condition = headers[.ifRange], condition != entityTag { return .send(.whole) }
    return .send(ByteRange.parse(range, lengthBytes: lengthBytes))
  }

  private static func matches(_ list: String, _ entityTag: String, weakly: Bool) -> Bool {
    list.split(separator: ",").contains { item in
      let tag = item.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
      let text = String(tag)
      if text == "*" { return true }
      return text == entityTag || (weakly && text == "W/" + entityTag)
    }
  }
}
