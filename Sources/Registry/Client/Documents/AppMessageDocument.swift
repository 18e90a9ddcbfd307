import FoundationEssentials
import SwiftProtobuf
import TextFormats
import Wire

/// A message of an app as JSON: the `topic` below `/apps/{id}/`, and when the Notifier heard it (`at`, in ISO 8601
/// and UTC).
package struct AppMessageDocument: Codable, Sendable, Equatable {
  package var topic: String
  package var at: String
  /// The payload, if it is UTF-8; nil if not.
  package var text: String?
  /// The payload in base64, if it is no UTF-8.
  var base64: String?

  init(_ wire: WirePublishedMessage) {
    topic = wire.topic
    at = JSONCoding.text(of: wire.at.date)
    text = String(validating: wire.payload, as: UTF8.self)
    base64 = text == nil ? wire.payload.base64EncodedString() : nil
  }

  /// The message in one line for a terminal, which no app may control.
  package var line: String {
    "\(at)  \(PlainText.escaped(topic))  \(text.map { PlainText.escaped($0) } ?? "base64:\(base64 ?? "")")"
  }

  /// The message as JSON in one line, for programs, in which no character controls a terminal.
  package func jsonLine() throws -> String {
    PlainText.escaped(json: String(decoding: try JSONCoding.encoder().encode(self), as: UTF8.self))
  }
}
