/// Makes an app's bytes fit to be shown and stored: valid Unicode, one line, bounded.
package enum LogText {
  /// The bytes as text for the log.
  ///
  /// - Parameter limit: in bytes of UTF-8; text that is cut ends in "…".
  package static func printable(_ bytes: [UInt8], limit: Int) -> String {
    var text = ""
    var size = 0
    // Bytes that are not UTF-8 become U+FFFD.
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let shown: Unicode.Scalar =
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: " "
        default: scalar
        }
      // Programs written for other systems end lines in CR LF.
      if scalar == "\r" { continue }
      let width = UTF8.width(shown)
      guard size + width <= limit else { return text + "…" }
      text.unicodeScalars.append(shown)
      size += width
    }
    return text
  }
}
