package import FoundationEssentials
package import Wire

/// How much a line of a device's log matters.
package enum LogLevel: Int, Sendable, CaseIterable {
  case debug = 0
  case info = 1
  case warning = 2
  case error = 3

  package var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }

  package init?(name: String) {
    guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }

  package init(minimum name: String) throws(WireFailure) {
    guard let level = LogLevel(name: name) else {
      throw .invalidField("level", "is none of \(Self.allCases.map(\.name).joined(separator: ", "))")
    }
    self = level
  }
}

/// A line of a device's log, fit to be stored and shown.
package struct LogLine: Sendable, Equatable {
  /// The device's own count, from 1; 0 in a crash report that leaves it away.
  package var id: UInt64
  /// Since 1970, by the device's clock, which may be wrong.
  package var realtimeNanoseconds: UInt64
  /// Since the device's boot.
  package var monotonicNanoseconds: UInt64
  package var level: LogLevel
  /// "app", "stdout", "stderr", "host" or "agent"; newer devices may have others.
  package var source: String
  /// 0: of no app.
  package var firmwareVersion: UInt64
  package var text: String

  /// In bytes of UTF-8; longer texts are cut.
  package static let maximumTextBytes = 8 << 10
  static let maximumSourceBytes = 32

  /// Nil for a level that is not known.
  init?(_ wire: WireDeviceLogLine) {
    guard let level = LogLevel(name: wire.level) else { return nil }
    self.level = level
    id = min(wire.id, UInt64(Int64.max))
    realtimeNanoseconds = min(wire.realtimeNanoseconds, UInt64(Int64.max))
    monotonicNanoseconds = min(wire.monotonicNanoseconds, UInt64(Int64.max))
    source = FieldRules.sanitized(wire.source, maximumBytes: Self.maximumSourceBytes)
    firmwareVersion = min(wire.firmwareVersion, UInt64(Int64.max))
    text = FieldRules.sanitized(wire.text, maximumBytes: Self.maximumTextBytes)
  }

  init(
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

  /// What it takes in the database.
  var storedBytes: Int { RegistrySchema.logLineOverheadBytes + text.utf8.count }
}

/// A line as it is stored.
package struct StoredLogLine: Sendable, Equatable {
  /// Grows in the order of the device's log.
  package var cursor: UInt64
  package var line: LogLine
  package var receivedAt: Date
}
