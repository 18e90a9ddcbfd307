package import FoundationEssentials
package import Foundations
package import RegistryDomain
package import Wire

/// A `device`'s report of an app that crashed, fit to be stored: bounded, and with texts that can be shown.
package struct Crash: Sendable, Equatable {
  /// Bytes of the device's own name for the crash, by which a repeat is told.
  package static let idByteCount = 16
  static let maximumFrames = 64
  static let maximumLines = 100
  /// Bytes of the last lines' texts in all; the oldest give way.
  static let maximumLineBytes = 64 << 10
  static let maximumBuildIDBytes = 64
  static let maximumCodeBytes = 64
  static let maximumNameBytes = 512
  static let maximumMessageBytes = 4 << 10

  package var device: DeviceID
  /// The device's own name for the crash: 16 bytes.
  package var id: [UInt8]
  /// What the device said, with texts that can be shown and bounded lists.
  package var report: WireCrashReport

  /// Makes what a device reported fit to be stored: what is too long is cut.
  ///
  /// - Throws: `invalid` for IDs of a wrong length, or no code.
  package init(_ wire: WireCrashReport) throws(RequestFailure) {
    device = try DeviceID(checking: wire.deviceID)
    guard wire.id.count == Self.idByteCount else {
      throw RequestFailure(field: "id", "has \(wire.id.count) bytes: a crash's has \(Self.idByteCount)")
    }
    guard wire.digest.isEmpty || wire.digest.count == SHA256Digest.byteCount else {
      throw RequestFailure(field: "digest", "has \(wire.digest.count) bytes: a SHA-256 has \(SHA256Digest.byteCount)")
    }
    guard wire.buildID.count <= Self.maximumBuildIDBytes else {
      throw RequestFailure(
        field: "build-id", "has \(wire.buildID.count) bytes: at most \(Self.maximumBuildIDBytes) are stored")
    }
    guard !wire.code.isEmpty else { throw RequestFailure(field: "code", "is missing: say why the app ended") }
    id = Array(wire.id)
    report = wire
    report.realtimeNanoseconds = min(wire.realtimeNanoseconds, UInt64(Int64.max))
    report.firmwareVersion = min(wire.firmwareVersion, UInt64(Int64.max))
    report.appName = FieldRules.sanitized(wire.appName, maximumBytes: Self.maximumCodeBytes)
    report.appVersion = FieldRules.sanitized(wire.appVersion, maximumBytes: Self.maximumCodeBytes)
    report.code = FieldRules.sanitized(wire.code, maximumBytes: Self.maximumCodeBytes)
    report.message = FieldRules.sanitized(wire.message, maximumBytes: Self.maximumMessageBytes)
    report.status = FieldRules.sanitized(wire.status, maximumBytes: Self.maximumCodeBytes)
    report.frames = wire.frames.prefix(Self.maximumFrames).map { frame in
      var frame = frame
      frame.functionName = FieldRules.sanitized(frame.functionName, maximumBytes: Self.maximumNameBytes)
      return frame
    }
    var lines: [WireDeviceLogLine] = []
    var size = 0
    for line in wire.lastLines.suffix(Self.maximumLines).reversed() {
      guard let line = LogLine(line) else { continue }
      size += line.text.utf8.count
      if size > Self.maximumLineBytes { break }
      lines.append(WireDeviceLogLine(line))
    }
    report.lastLines = lines.reversed()
  }
}

/// What became of a crash report, and why it was not stored (`refusal`), if it was not.
package struct CrashVerdict: Sendable, Equatable {
  /// Whether the device may forget it.
  package var isSettled: Bool
  package var refusal: LogVerdict.Refusal?

  /// The report is stored, or was before.
  package static let stored = CrashVerdict(isSettled: true, refusal: nil)
  /// The report is not stored, and never will be.
  package static func refused(_ reason: LogVerdict.Refusal) -> CrashVerdict {
    CrashVerdict(isSettled: true, refusal: reason)
  }
}

/// A crash as it is stored: the device's `report`, when it came (`receivedAt`), and the `group` of equal crashes that
/// it belongs to, 16 hexadecimal digits.
package struct StoredCrash: Sendable, Equatable {
  /// The number by which people name it; it grows from crash to crash.
  package var number: UInt64
  package var report: WireCrashReport
  package var receivedAt: Date
  package var group: String
  /// How many equal ones there are; 0 where they were not counted.
  package var count: UInt64 = 0
  /// On how many devices there are equal ones; 0 where they were not counted.
  package var devices: UInt64 = 0
}
