import Curl
import Foundations
import ServiceKit

/// The further headers of requests to the receiver, as a file has them: `NAME: VALUE` on lines; empty lines and those that
/// begin with `#` do not count.
enum ReceiverHeaders {
  static let maximumBytes = 16 << 10

  static func read(_ path: String) throws -> [HTTPClient.Header] {
    let text: String
    do {
      text = String(
        decoding: try SmallFile.contents(of: path, .secret, maximumBytes: maximumBytes), as: UTF8.self)
    } catch {
      throw SettingsError([SettingProblem(key: key, message: "the headers for the receiver of spans: \(error)")])
    }
    // CR LF is one character.
    return try text.split(whereSeparator: \.isNewline).compactMap { line in
      let line = line.trimmed
      guard !line.isEmpty, !line.hasPrefix("#") else { return nil }
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
        // Not the line itself, which may be a secret.
        throw SettingsError([SettingProblem(key: key, message: "\(path) has a line that is not NAME: VALUE")])
      }
      return HTTPClient.Header(String(line[..<colon]), String(line[line.index(after: colon)...].trimmed))
    }
  }

  private static let key = "trace.otlp.headers-file"
}

extension Substring {
  /// Without spaces at either end.
  fileprivate var trimmed: Substring {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
      return self[endIndex...]
    }
    return self[first...last]
  }
}
