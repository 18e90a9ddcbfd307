package import DeviceProtocol
package import FoundationEssentials
package import Foundations

extension LogLevel {
  /// The least level of a search, by its name.
  ///
  /// - Throws: `invalid` for a name that no level has.
  package init(minimum name: String) throws(RequestFailure) {
    guard let level = LogLevel(name: name) else {
      throw RequestFailure(field: "level", "is none of \(Self.allCases.map(\.name).joined(separator: ", "))")
    }
    self = level
  }
}

/// A line of a device's log, fit to be stored and shown: its `level`, and its `text` in one line without control
/// characters.
package struct LogLine: Sendable, Equatable {
  /// The device's own number for the line, from 1 and growing; 0 in a crash report that leaves it away.
  package var id: UInt64
  /// Since 1970, by the device's clock, which may be wrong.
  package var realtimeNanoseconds: UInt64
  /// Since the device's boot.
  package var monotonicNanoseconds: UInt64
  package var level: LogLevel
  /// "app", "stdout", "stderr", "host" or "agent"; newer devices may have others.
  package var source: String
  /// The version whose app wrote it; 0 for a line that no app wrote.
  package var firmwareVersion: UInt64
  package var text: String

  /// How long a text may be, in bytes of UTF-8; longer ones are cut.
  package static let maximumTextBytes = 8 << 10
  /// How long a source may be, in bytes of UTF-8; longer ones are cut.
  package static let maximumSourceBytes = 32

  /// What a stored line takes beside its text, in bytes: the row's header and its other columns, and its index entry.
  package static let overheadBytes = 128

  /// A line that a device sent, with its texts made fit and its numbers brought within what the database holds. Nil
  /// for a level that is not known.
  package init?(
    sentID: UInt64, realtimeNanoseconds: UInt64, monotonicNanoseconds: UInt64, level name: String, source: String,
    firmwareVersion: UInt64, text: String
  ) {
    guard let level = LogLevel(name: name) else { return nil }
    let highest = UInt64(Int64.max)
    self.init(
      id: min(sentID, highest), realtimeNanoseconds: min(realtimeNanoseconds, highest),
      monotonicNanoseconds: min(monotonicNanoseconds, highest), level: level,
      source: FieldRules.sanitized(source, maximumBytes: Self.maximumSourceBytes),
      firmwareVersion: min(firmwareVersion, highest),
      text: FieldRules.sanitized(text, maximumBytes: Self.maximumTextBytes))
  }

  package init(
    id: UInt64, realtimeNanoseconds: UInt64, monotonicNanoseconds: UInt64, level: LogLevel, source: String,
    firmwareVersion: UInt64, text: String
  ) {
    self.id = id
    self.realtimeNanoseconds = realtimeNanoseconds
    self.monotonicNanoseconds = monotonicNanoseconds
    self.level = level
    self.source = source
    self.firmwareVersion = firmwareVersion
    self.text = text
  }

  /// Bytes that it takes in the database, nearly.
  package var storedBytes: Int { Self.overheadBytes + text.utf8.count }
}

/// A line as it is stored: when it came (`receivedAt`) by the Registry's clock, and the line itself (`line`).
package struct StoredLogLine: Sendable, Equatable {
  /// Grows in the order of the device's log.
  package var cursor: UInt64
  package var line: LogLine
  package var receivedAt: Date

  package init(cursor: UInt64, line: LogLine, receivedAt: Date) {
    self.cursor = cursor
    self.line = line
    self.receivedAt = receivedAt
  }
}
