import FirmwareImage
import FoundationEssentials
import SwiftProtobuf
import TextFormats
package import Wire

/// A line of a device's log as JSON.
package struct StoredLogLineDocument: Codable, Sendable, Equatable {
  package var cursor: UInt64
  /// By the device's clock.
  package var at: String
  package var monotonicNanoseconds: UInt64
  package var level: String
  package var source: String
  /// Of the firmware; 0: of no app.
  package var version: UInt64
  package var text: String
  package var receivedAt: String
}

extension StoredLogLineDocument {
  package init(_ wire: WireStoredLogLine) {
    self.init(
      cursor: wire.cursor, at: Self.time(wire.line.realtimeNanoseconds),
      monotonicNanoseconds: wire.line.monotonicNanoseconds, level: wire.line.level, source: wire.line.source,
      version: wire.line.firmwareVersion, text: wire.line.text, receivedAt: JSONCoding.text(of: wire.receivedAt.date))
  }

  static func time(_ nanosecondsSince1970: UInt64) -> String {
    JSONCoding.text(of: Date(timeIntervalSince1970: Double(nanosecondsSince1970) / 1e9))
  }
}
