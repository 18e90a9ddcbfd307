import Logging
import TextFormats

/// Turns a record into one line of text or of JSON.
///
/// Nothing in a record can end the line early or look like another record: control characters are escaped, and what
/// is longer than `maximumValueBytes` is cut.
struct LogFormatter: Sendable {
  let format: LogFormat
  /// Told in JSON; nil: nothing is.
  var origin: LogOrigin? = LogOrigin.ofProcess

  /// A longer message or value is cut, and the cut is marked.
  static let maximumValueBytes = 8_192

  func line(
    time: WallClockTime, level: Logger.Level, label: String, message: String, metadata: Logger.Metadata
  ) -> String {
    switch format {
    case .text: textLine(time, level, label, message, metadata)
    case .json: jsonLine(time, level, label, message, metadata)
    }
  }

  private func textLine(
    _ time: WallClockTime, _ level: Logger.Level, _ label: String, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    let padding = String(repeating: " ", count: max(0, 8 - level.rawValue.count))
    var line = "\(time.iso8601) \(level.rawValue)\(padding) \(label): \(PlainText.escaped(Self.cut(message)))"
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      line += " \(PlainText.escaped(key))=\(Self.quotedIfNeeded(Self.cut(Self.text(value))))"
    }
    return line + "\n"
  }

  private func jsonLine(
    _ time: WallClockTime, _ level: Logger.Level, _ label: String, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    var line = "{\"time\":\"\(time.iso8601)\",\"level\":\"\(level.rawValue)\",\"logger\":\(Self.json(label))"
    if let origin {
      line += ",\"service\":\(Self.json(origin.service)),\"instance\":\(Self.json(origin.instance))"
    }
    line += ",\"message\":\(Self.json(Self.cut(message)))"
    if !metadata.isEmpty {
      line += ",\"metadata\":\(Self.json(.dictionary(metadata)))"
    }
    return line + "}\n"
  }

  private static func text(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): text
    case .stringConvertible(let value): value.description
    case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
    case .dictionary(let values):
      "{\(values.sorted { $0.key < $1.key }.map { "\($0.key): \(text($0.value))" }.joined(separator: ", "))}"
    }
  }

  private static func json(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): json(cut(text))
    case .stringConvertible(let value): json(cut(value.description))
    case .array(let values): "[\(values.map(json).joined(separator: ","))]"
    case .dictionary(let values):
      "{\(values.sorted { $0.key < $1.key }.map { "\(json($0.key)):\(json($0.value))" }.joined(separator: ","))}"
    }
  }

  private static func cut(_ text: String) -> String {
    guard text.utf8.count > maximumValueBytes else { return text }
    let kept = String(decoding: text.utf8.prefix(maximumValueBytes), as: UTF8.self)
    return "\(kept)… (\(text.utf8.count) bytes)"
  }

  private static func quotedIfNeeded(_ text: String) -> String {
    let needed =
      text.isEmpty || text.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0 == "=" || PlainText.isUnsafe($0) }
    return needed ? "\"\(PlainText.escaped(text, quote: true))\"" : text
  }

  /// A JSON string.
  private static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where PlainText.isUnsafe(scalar):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
