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
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return self }
    return String(
      UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? Unicode.Scalar(0x20) : $0 }))
  }
}
