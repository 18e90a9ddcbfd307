/// The text of one statement, with `$1`, `$2` … where values go.
///
/// It can be made only from literals, and interpolation does not compile, so no value that came from outside can ever
/// become part of a statement.
package struct SQL: Sendable, Hashable, ExpressibleByStringLiteral {
  let text: String

  package init(stringLiteral value: StaticString) {
    text = value.description
  }

  /// Makes a statement that this module composes from identifiers it has checked.
  init(composed text: String) {
    self.text = text
  }

  /// Texts put together, without anything between them.
  package static func + (left: SQL, right: SQL) -> SQL {
    SQL(composed: left.text + right.text)
  }

  /// Adds to the end.
  package static func += (left: inout SQL, right: SQL) {
    left = left + right
  }
}

extension Sequence<SQL> {
  /// Texts put together with a separator between them, such as `" and "`.
  package func joined(separator: SQL) -> SQL {
    SQL(composed: map(\.text).joined(separator: separator.text))
  }
}

/// Several statements separated by semicolons and without values, as migrations are made of; `text` is all of them.
package struct SQLScript: Sendable, Hashable, ExpressibleByStringLiteral {
  package let text: String

  package init(stringLiteral value: StaticString) {
    text = value.description
  }
}

/// A name that is written into a statement because PostgreSQL takes no value in its place.
struct SQLIdentifier: Sendable, Hashable {
  let text: String

  /// Nil unless the text is a lower-case letter or `_`, then lower-case letters, digits or `_`, at most 63 in all
  /// (PostgreSQL's NAMEDATALEN - 1): such names need no quotes and can't end any.
  init?(_ text: String) {
    let bytes = text.utf8
    guard let first = bytes.first, bytes.count <= 63, Self.isStart(first),
      bytes.allSatisfy({ Self.isStart($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    self.text = text
  }

  private static func isStart(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }
}
