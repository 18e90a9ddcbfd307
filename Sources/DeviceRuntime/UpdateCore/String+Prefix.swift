extension String {
  /// As many whole characters as fit into so many bytes of UTF-8.
  package func prefixOfUTF8(_ maximumBytes: Int) -> String {
    guard utf8.count > maximumBytes else { return self }
    var size = 0
    return String(
      prefix { character in
        size += character.utf8.count
        return size <= maximumBytes
      })
  }
}
