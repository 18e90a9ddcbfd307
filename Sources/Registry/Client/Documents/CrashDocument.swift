import FoundationEssentials
import Foundations
import ServiceKit
import SwiftProtobuf
import TextFormats
package import Wire

/// A crash as JSON, over HTTP and in the output of commands: its `number`, the `device` (a UUID), the `version` of
/// its firmware with the app's `appName` and `appVersion` and the `digest` of the wasm, why the app ended (a `code`
/// in kebab-case, and a `message` for people), when the Registry got the report (`receivedAt`), and the `group` of
/// equal crashes that it belongs to. Times are in ISO 8601 and UTC.
package struct CrashDocument: Codable, Sendable, Equatable {
  /// A function that was being called: its `functionIndex` in the module, and where in it (`functionOffset`) and in
  /// the module (`moduleOffset`) the call was, in bytes; 0 where that is not known.
  struct Frame: Codable, Sendable, Equatable {
    var functionIndex: UInt32
    var functionOffset: UInt64
    var moduleOffset: UInt64
    /// The function's name in the module, if the module has names.
    var function: String?
    /// Where in the sources it is, as a command found out; innermost first where calls were inlined.
    var locations: [CodeLocation]?
  }

  /// A line that the device logged before the crash: its `id` in the device's log, when it was written (`at`, by the
  /// device's clock), its `level`, its `source` (see ``LogLine/source``) and its `text`.
  struct Line: Codable, Sendable, Equatable {
    var id: UInt64
    var at: String
    var level: String
    var source: String
    var text: String
  }

  package var number: UInt64
  package var device: String
  var appName: String
  var appVersion: String
  package var version: UInt64
  package var digest: String
  /// The module's build ID in hexadecimal digits; left out if it has none.
  var buildID: String?
  var code: String
  package var message: String
  /// What the version was to the device then: `trial` or `confirmed`.
  package var status: String
  /// When it happened, by the device's clock.
  package var at: String
  var receivedAt: String
  package var group: String
  /// How many equal crashes there are; left out where they were not counted.
  package var count: UInt64?
  /// On how many devices they are; left out where they were not counted.
  package var devices: UInt64?
  /// The functions that were being called, innermost first; in a list the first few.
  var frames: [Frame]
  /// What the device logged last; left out in lists.
  var lastLines: [Line]?
  /// What a command lacked to find where in the sources it was; left out if nothing.
  var advice: String?
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
