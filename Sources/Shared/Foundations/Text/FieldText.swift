/// What may be stored in a field that people or other programs fill in.
///
/// Lengths count Unicode scalars, as `maxLength` in JSON Schema does. Control characters are refused: PostgreSQL takes no
/// NUL, and the rest would garble terminals and logs.
package enum FieldText {
  /// Checks a name: printable, and all of it to be seen.
  ///
  /// - Parameters:
  ///   - field: what the failure calls it, in kebab-case.
  ///   - length: in Unicode scalars.
  package static func visible(
    _ text: String, field: String, length: ClosedRange<Int>
  ) throws(RequestFailure) -> String {
    let name = try printable(text, field: field, length: length)
    if let problem = NameText.problem(name) { throw RequestFailure(field: field, problem) }
    return name
  }

  /// Checks a text: no control characters, and not too long or too short.
  ///
  /// - Parameters:
  ///   - field: what the failure calls it, in kebab-case.
  ///   - length: in Unicode scalars.
  package static func printable(
    _ text: String, field: String, length: ClosedRange<Int>
  ) throws(RequestFailure) -> String {
    // A hostile text of many megabytes is told by its bytes alone, without walking it.
    guard text.utf8.count <= 4 * length.upperBound, text.unicodeScalars.count <= length.upperBound else {
      throw RequestFailure(field: field, "is too long: at most \(length.upperBound) characters are allowed")
    }
    guard text.unicodeScalars.count >= length.lowerBound else {
      throw RequestFailure(field: field, "is empty: give at least \(length.lowerBound) character")
    }
    if let control = text.unicodeScalars.first(where: \.isControl) {
      throw RequestFailure(field: field, "contains the control character \(NameText.code(control)): remove it")
    }
    return text
  }

  /// Checks tags of a device, or of what gives tags to devices.
  ///
  /// - Parameters:
  ///   - count: so many at most.
  ///   - length: of each, in Unicode scalars.
  /// - Returns: the tags without doubles, in the order of their UTF-8.
  package static func tags(_ tags: [String], count: Int, length: ClosedRange<Int>) throws(RequestFailure) -> [String] {
    guard tags.count <= count else {
      throw RequestFailure(field: "tags", "has \(tags.count) entries: at most \(count) are allowed")
    }
    var valid: Set<ByteText> = []
    for tag in tags { valid.insert(ByteText(try visible(tag, field: "tags", length: length))) }
    return valid.sorted().map(\.text)
  }
}

extension RequestFailure {
  /// The failure for a field that holds what it may not.
  ///
  /// - Parameters:
  ///   - field: as the client wrote it: `device-id`; the reason is `invalid-` and this.
  ///   - problem: goes on after the field's name: what is wrong and what to do.
  package init(field: String, _ problem: String) {
    self.init(.invalid, reason: "invalid-\(field)", message: "\(field) \(problem)")
  }
}
