/// Text taken apart at bytes. To Swift a combining mark makes one character with what stands before it, so that a slash
/// with one behind it is another character than a slash.
extension StringProtocol {
  /// The parts between slashes, empty ones too.
  package var levelsOfTopic: [Substring] {
    Substring(self).utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
  }

  /// The parts between line ends, which are LF or CR LF. Swift takes CR LF for one character, which differs
  /// from "\n".
  package var linesOfText: [Substring] {
    Substring(self).utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
  }

  /// What stands behind this prefix; nil if the text does not begin with the prefix's bytes.
  package func text(behind prefix: some StringProtocol) -> String? {
    guard utf8.starts(with: prefix.utf8) else { return nil }
    return String(Substring(Substring(self).utf8.dropFirst(prefix.utf8.count)))
  }
}
