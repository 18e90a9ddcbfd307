extension String {
  /// As many whole characters from the start as fit into so many bytes of UTF-8.
  package func prefixOfUTF8(_ maximumBytes: Int) -> String {
    guard utf8.count > maximumBytes else { return self }
    var size = 0
    return String(
      prefix { character in
        size += character.utf8.count
        return size <= maximumBytes
      })
  }

  /// The text with line breaks and other control characters as spaces; they would break a log's form, and terminals.
  package var onOneLine: String {
    // In UTF-8 those from U+0080 on begin with C2, as do a few others.
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }) else { return self }
    return String(UnicodeScalarView(unicodeScalars.map { $0.isControl ? Unicode.Scalar(0x20) : $0 }))
  }
}

extension Unicode.Scalar {
  /// Whether it is a control character of Unicode: C0, C1 or DEL.
  package var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
