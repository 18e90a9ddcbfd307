import FoundationEssentials
import SwiftProtobuf
import TextFormats
package import Wire

/// A line of a device's log as JSON, with its `level`, its `source` (see ``LogLine/source``) and its `text`. It was
/// written `monotonicNanoseconds` after the device's boot, and came at `receivedAt` (in ISO 8601 and UTC). To go on
/// from it, ask for what is after its `cursor`.
package struct StoredLogLineDocument: Codable, Sendable, Equatable {
  package var cursor: UInt64
  /// When it was written, by the device's clock, in ISO 8601 and UTC.
  package var at: String
  var monotonicNanoseconds: UInt64
  package var level: String
  var source: String
  /// The version of the firmware whose app wrote it; 0 if no app did.
  package var version: UInt64
  package var text: String
  var receivedAt: String
}

extension StoredLogLineDocument {
  package init(_ wire: WireStoredLogLine) {
    self.init(
      cursor: wire.cursor, at: Self.time(wire.line.realtimeNanoseconds),
      monotonicNanoseconds: wire.line.monotonicNanoseconds, level: wire.line.level, source: wire.line.source,
      version: wire.line.firmwareVersion, text: wire.line.text, receivedAt: JSONCoding.text(of: wire.receivedAt.date))
  }

  /// A time of a device's clock in ISO 8601 and UTC.
  static func time(_ nanosecondsSince1970: UInt64) -> String {
    JSONCoding.text(of: Date(timeIntervalSince1970: Double(nanosecondsSince1970) / 1e9))
  }
}
