/// Text from elsewhere, made harmless for terminals and logs.
package enum PlainText {
  /// The text with escapes for everything that is not a character to show, so that no text can end its line early,
  /// overwrite others or change how the terminal behaves.
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

  /// The same for the text of a JSON document, whose meaning stays: JSON has escapes of its own.
  package static func escaped(json: String) -> String {
    // Line breaks are part of the document's layout, and inside its strings JSON leaves none.
    func isUnsafe(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= 0x7F && self.isUnsafe(scalar) }
    guard json.unicodeScalars.contains(where: isUnsafe) else { return json }
    var result = ""
    for scalar in json.unicodeScalars {
      guard isUnsafe(scalar) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result
  }

  /// Whether a terminal or a log reader may take it for anything but a character to show: controls, line and
  /// paragraph separators, and what turns the direction of writing or is invisible.
  package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF9...0xFFFB, 0xE0000...0xE007F:
      true
    default: false
    }
  }
}
