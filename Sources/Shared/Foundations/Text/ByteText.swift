/// Text that equals another only if its bytes do; for names that come from outside.
///
/// Swift's `String` takes "é" and "e" with an accent behind it for equal, and so would find one name under another.
/// Modules, brokers, files and peers mean bytes.
package struct ByteText: Sendable {
  /// The text as Swift's string, which must not be compared as one.
  package let text: String

  package init(_ text: String) { self.text = text }
  package init(_ text: Substring) { self.text = String(text) }
}

extension ByteText: Hashable, Comparable {
  package static func == (left: ByteText, right: ByteText) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // As with `String`, so that two names in a row are not taken for one.
    hasher.combine(0xFF as UInt8)
  }

  package static func < (left: ByteText, right: ByteText) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

extension ByteText: ExpressibleByStringLiteral, CustomStringConvertible {
  package init(stringLiteral text: String) { self.text = text }
  package var description: String { text }
}

extension Dictionary where Key == ByteText {
  /// The value under a name, compared by bytes.
  package subscript(_ name: String) -> Value? {
    get { self[ByteText(name)] }
    set { self[ByteText(name)] = newValue }
  }
}

extension ByteText {
  /// The text for people: what can't be seen or would change the line is written as \u{…}, and a long text is cut.
  package var shown: String {
    let limit = 80
    var shown = ""
    for scalar in text.unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      default: shown.unicodeScalars.append(scalar)
      }
    }
    return text.unicodeScalars.count > limit ? shown + "…" : shown
  }
}
