import DeviceProtocol
import FoundationEssentials
import Foundations
import SwiftProtobuf
import Wire

extension LogMessage.Line {
  /// Lines whose every field was checked.
  static func checked(_ lines: [LogMessage.Line]) throws(RejectedReport) -> [WireDeviceLogLine] {
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
      guard LogLevel(name: level) != nil else { throw RejectedReport(.field, "a line's level is none") }
      guard LogSource(rawValue: source) != nil else { throw RejectedReport(.field, "a line's source is none") }
      var wire = WireDeviceLogLine()
      wire.id = try Payload.check(id, "a line's id", from: 1)
      wire.realtimeNanoseconds = try Payload.check(at, "a line's at")
      wire.monotonicNanoseconds = try Payload.check(monotonic, "a line's monotonic")
      wire.level = level
      wire.source = source
      wire.firmwareVersion = try Payload.check(version, "a line's version")
      wire.text = Payload.cleaned(text, atMost: .logLineTextBytes)
      return wire
    }
  }
}

/// Reads the JSON of `/devices/{id}/log`.
enum LogPayload {
  /// The lines with every field checked.
  static func batch(_ payload: [UInt8], of device: DeviceID) throws(RejectedReport) -> WireDeviceLogBatch {
    let message = try Payload.decode(LogMessage.self, from: payload, atMost: .logBytes)
    guard message.log.utf8.count == 16, Hexadecimal.decode(message.log) != nil else {
      throw RejectedReport(.field, "log must be 16 hexadecimal digits")
    }
    guard (1...DeviceLimit.logLines.value).contains(message.lines.count) else {
      throw RejectedReport(.field, "lines must be 1 to \(DeviceLimit.logLines.value)")
    }
    var batch = WireDeviceLogBatch()
    batch.deviceID = Data(device.bytes)
    batch.logID = message.log
    batch.lines = try LogMessage.Line.checked(message.lines)
    batch.lost = try Payload.check(message.lost ?? 0, "lost")
    batch.run = try Payload.randomName(message.run, "run")
    batch.runAfter = try Payload.check(message.after ?? 0, "after")
    guard batch.lost < batch.lines[0].id else {
      throw RejectedReport(.field, "lost is more than there were lines before these")
    }
    return batch
  }
}
