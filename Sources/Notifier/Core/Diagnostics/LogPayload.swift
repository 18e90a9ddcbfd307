import FoundationEssentials
import Foundations
import SwiftProtobuf
import Wire

/// A line of a device's log in the JSON of `/devices/{id}/log` and `/devices/{id}/crash`, as it stands.
struct LogLineDocument: Decodable {
  private static let levels: Set<String> = ["debug", "info", "warning", "error"]
  private static let sources: Set<String> = ["app", "stdout", "stderr", "host", "agent"]
  /// A device cuts its lines at as many.
  private static let maximumTextBytes = 4096

  let id: UInt64
  let at: UInt64
  let monotonic: UInt64
  let level: String
  let source: String
  let version: UInt64
  let text: String

  /// Lines whose every field was checked.
  static func checked(_ lines: [LogLineDocument]) throws(RejectedReport) -> [WireDeviceLogLine] {
    var checked: [WireDeviceLogLine] = []
    checked.reserveCapacity(lines.count)
    var lastID: UInt64 = 0
    for line in lines {
      guard line.id > lastID else { throw RejectedReport(.field, "the IDs of lines must grow, from 1 on") }
      lastID = line.id
      checked.append(try line.wire)
    }
    return checked
  }

  private var wire: WireDeviceLogLine {
    get throws(RejectedReport) {
      guard Self.levels.contains(level) else { throw RejectedReport(.field, "a line's level is none") }
      guard Self.sources.contains(source) else { throw RejectedReport(.field, "a line's source is none") }
      var wire = WireDeviceLogLine()
      wire.id = try Payload.check(id, "a line's id", from: 1)
      wire.realtimeNanoseconds = try Payload.check(at, "a line's at")
      wire.monotonicNanoseconds = try Payload.check(monotonic, "a line's monotonic")
      wire.level = level
      wire.source = source
      wire.firmwareVersion = try Payload.check(version, "a line's version")
      wire.text = Payload.cleaned(text, maximumBytes: Self.maximumTextBytes)
      return wire
    }
  }
}

/// Reads the JSON of `/devices/{id}/log`.
enum LogPayload {
  /// What a device keeps to.
  static let maximumBytes = 64 << 10
  static let maximumLines = 500

  private struct Document: Decodable {
    let log: String
    let lost: UInt64?
    let run: String?
    let after: UInt64?
    let lines: [LogLineDocument]
  }

  static func batch(_ payload: [UInt8], of device: DeviceID) throws(RejectedReport) -> WireDeviceLogBatch {
    let document = try Payload.decode(Document.self, from: payload, maximumBytes: maximumBytes)
    guard document.log.utf8.count == 16, Hexadecimal.decode(document.log) != nil else {
      throw RejectedReport(.field, "log must be 16 hexadecimal digits")
    }
    guard (1...maximumLines).contains(document.lines.count) else {
      throw RejectedReport(.field, "lines must be 1 to \(maximumLines)")
    }
    var batch = WireDeviceLogBatch()
    batch.deviceID = Data(device.bytes)
    batch.logID = document.log
    batch.lines = try LogLineDocument.checked(document.lines)
    batch.lost = try Payload.check(document.lost ?? 0, "lost")
    batch.run = try Payload.randomName(document.run, "run")
    batch.runAfter = try Payload.check(document.after ?? 0, "after")
    guard batch.lost < batch.lines[0].id else {
      throw RejectedReport(.field, "lost is more than there were lines before these")
    }
    return batch
  }
}
