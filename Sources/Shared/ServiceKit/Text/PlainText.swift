/// Text from elsewhere, made harmless for terminals and logs.
package enum PlainText {
  /// With escapes for everything that is not a character to show, so that no text can end its line early, overwrite
  /// others or change how the terminal behaves.
  ///
  /// - Parameter quote: also escape what would end a quoted text.
  package static func escaped(_ text: String, quote: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: { isUnsafe($0) || (quote && ($0 == "\"" || $0 == "\\")) }) else {
      return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\"" where quote: result += "\\\""
      case "\\" where quote: result += "\\\\"
      case _ where isUnsafe(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Whether a terminal or a log reader may take it for anything but a character to show: controls, line and
  /// paragraph separators, and those that turn the direction of writing.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
