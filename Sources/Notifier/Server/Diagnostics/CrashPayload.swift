import DeviceProtocol
import FoundationEssentials
import Foundations
import SwiftProtobuf
import Wire

/// Reads the JSON of `/devices/{id}/crash`.
enum CrashPayload {
  /// The report with every field checked.
  static func report(_ payload: [UInt8], of device: DeviceID) throws(RejectedReport) -> WireCrashReport {
    let message = try Payload.decode(CrashReport.self, from: payload, atMost: .crashBytes)
    var report = WireCrashReport()
    report.deviceID = Data(device.bytes)
    guard let id = Hexadecimal.decode(message.id), id.count == 16 else {
      throw RejectedReport(.field, "id must be 32 hexadecimal digits")
    }
    report.id = Data(id)
    report.realtimeNanoseconds = try Payload.check(message.at, "at")
    report.firmwareVersion = try Payload.check(message.version, "version", from: 1)
    guard let digest = SHA256Digest(message.digest) else {
      throw RejectedReport(.field, "digest must be sha256: and 64 hexadecimal digits")
    }
    report.digest = Data(digest.bytes)
    report.appName = Payload.cleaned(message.appName, atMost: .appLabelBytes)
    report.appVersion = Payload.cleaned(message.appVersion, atMost: .appLabelBytes)
    let mostBytes = DeviceLimit.buildIDBytes.value
    guard let buildID = Hexadecimal.decode(message.buildID), buildID.count <= mostBytes else {
      throw RejectedReport(.field, "buildID must be hexadecimal digits of at most \(mostBytes) bytes")
    }
    report.buildID = Data(buildID)
    guard isCode(message.code) else {
      let most = DeviceLimit.crashCodeBytes.value
      throw RejectedReport(.field, "code must be 1 to \(most) small letters, digits and hyphens")
    }
    report.code = message.code
    report.message = Payload.cleaned(message.message, atMost: .crashMessageBytes)
    guard let status = RunStatus(rawValue: message.status), !status.isFailure else {
      throw RejectedReport(.field, "status must be trial or confirmed")
    }
    report.status = status.rawValue
    report.frames = try frames(message.frames)
    let mostLines = DeviceLimit.crashLines.value
    guard message.lines.count <= mostLines else { throw RejectedReport(.field, "lines must be at most \(mostLines)") }
    report.lastLines = try LogMessage.Line.checked(message.lines)
    return report
  }

  private static func frames(_ frames: [CrashReport.Frame]) throws(RejectedReport) -> [WireCrashFrame] {
    let most = DeviceLimit.crashFramesTaken.value
    guard frames.count <= most else { throw RejectedReport(.field, "frames must be at most \(most)") }
    var checked: [WireCrashFrame] = []
    for frame in frames {
      var wire = WireCrashFrame()
      wire.functionIndex = frame.function
      wire.functionOffset = try Payload.check(frame.functionOffset, "a frame's functionOffset")
      wire.moduleOffset = try Payload.check(frame.moduleOffset, "a frame's moduleOffset")
      wire.functionName = Payload.cleaned(frame.name ?? "", atMost: .crashFunctionNameBytes)
      checked.append(wire)
    }
    return checked
  }

  private static func isCode(_ code: String) -> Bool {
    (1...DeviceLimit.crashCodeBytes.value).contains(code.utf8.count)
      && code.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || byte == UInt8(ascii: "-")
      }
  }
}
