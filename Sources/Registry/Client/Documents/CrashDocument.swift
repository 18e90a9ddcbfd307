import FoundationEssentials
import Foundations
package import ServiceKit
import SwiftProtobuf
import TextFormats
package import Wire

/// A crash as JSON.
package struct CrashDocument: Codable, Sendable, Equatable {
  package struct Frame: Codable, Sendable, Equatable {
    package var functionIndex: UInt32
    package var functionOffset: UInt64
    package var moduleOffset: UInt64
    /// As the module names it, if it does.
    package var function: String?
    /// Where in the sources it is, found by a command; innermost first where calls were inlined.
    package var locations: [CodeLocation]?
  }

  package struct Line: Codable, Sendable, Equatable {
    package var id: UInt64
    package var at: String
    package var level: String
    package var source: String
    package var text: String
  }

  package var number: UInt64
  package var device: String
  package var appName: String
  package var appVersion: String
  package var version: UInt64
  package var digest: String
  /// In hexadecimal digits; left away if the module has none.
  package var buildID: String?
  package var code: String
  package var message: String
  /// What the version was: trial or confirmed.
  package var status: String
  /// By the device's clock.
  package var at: String
  package var receivedAt: String
  package var group: String
  /// How many equal ones there are, on how many devices, where they were counted.
  package var count: UInt64?
  package var devices: UInt64?
  /// Innermost first; in a list the first few.
  package var frames: [Frame]
  /// What the device logged last; only of one crash.
  package var lastLines: [Line]?
  /// What a command lacked to find where in the sources it was.
  package var advice: String?
}

extension CrashDocument {
  /// - Parameter isWhole: one crash, not an entry of a list.
  package init(_ wire: WireStoredCrash, isWhole: Bool) {
    let report = wire.report
    self.init(
      number: wire.number, device: DeviceID(bytes: report.deviceID)?.description ?? "", appName: report.appName,
      appVersion: report.appVersion, version: report.firmwareVersion,
      digest: SHA256Digest(bytes: report.digest)?.description ?? "",
      buildID: report.buildID.isEmpty ? nil : Hexadecimal.encode(report.buildID), code: report.code,
      message: report.message, status: report.status, at: StoredLogLineDocument.time(report.realtimeNanoseconds),
      receivedAt: JSONCoding.text(of: wire.receivedAt.date), group: wire.group,
      count: wire.count == 0 ? nil : wire.count, devices: wire.devices == 0 ? nil : wire.devices,
      frames: report.frames.map { frame in
        Frame(
          functionIndex: frame.functionIndex, functionOffset: frame.functionOffset, moduleOffset: frame.moduleOffset,
          function: frame.functionName.isEmpty ? nil : frame.functionName)
      },
      lastLines: isWhole
        ? report.lastLines.map { line in
          Line(
            id: line.id, at: StoredLogLineDocument.time(line.realtimeNanoseconds), level: line.level,
            source: line.source,
            text: line.text)
        } : nil)
  }
}
