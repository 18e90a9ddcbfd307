package import FoundationEssentials
package import Foundations
package import RegistryDomain
package import Wire

/// What became of an app that crashed, as a device reported it and fit to be stored.
package struct Crash: Sendable, Equatable {
  /// The device's own name for it.
  package static let idByteCount = 16
  static let maximumFrames = 64
  static let maximumLines = 100
  /// Of the lines' texts; the oldest give way.
  static let maximumLineBytes = 64 << 10
  static let maximumBuildIDBytes = 64
  static let maximumCodeBytes = 64
  static let maximumNameBytes = 512
  static let maximumMessageBytes = 4 << 10

  package var device: DeviceID
  package var id: [UInt8]
  /// With texts that can be shown and bounded lists.
  package var report: WireCrashReport

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

/// What became of a report.
package struct CrashVerdict: Sendable, Equatable {
  /// Whether the device may forget it.
  package var isSettled: Bool
  package var refusal: LogVerdict.Refusal?

  package static let stored = CrashVerdict(isSettled: true, refusal: nil)
  package static func refused(_ reason: LogVerdict.Refusal) -> CrashVerdict {
    CrashVerdict(isSettled: true, refusal: reason)
  }
}

/// A crash as it is stored.
package struct StoredCrash: Sendable, Equatable {
  /// What a person types.
  package var number: UInt64
  package var report: WireCrashReport
  package var receivedAt: Date
  package var group: String
  /// How many equal ones there are, on how many devices; 0 where they were not counted.
  package var count: UInt64 = 0
  package var devices: UInt64 = 0
}
