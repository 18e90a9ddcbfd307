import FoundationEssentials
import Foundations
import SwiftProtobuf
import Wire

/// Reads the JSON of `/devices/{id}/crash`.
enum CrashPayload {
  /// What a device keeps to.
  static let maximumBytes = 64 << 10
  static let maximumLines = 50
  /// A device sends at most 20.
  static let maximumFrames = 64
  /// Bytes of a build ID; linkers make at most 20.
  private static let maximumBuildIDBytes = 64
  private static let maximumLabelBytes = 32
  private static let maximumMessageBytes = 1024
  private static let maximumNameBytes = 512
  private static let statuses: Set<String> = ["trial", "confirmed"]

  private struct Document: Decodable {
    struct Frame: Decodable {
      let function: UInt32
      let functionOffset: UInt64
      let moduleOffset: UInt64
      let name: String?
    }

    let id: String
    let at: UInt64
    let version: UInt64
    let digest: String
    let appName: String?
    let appVersion: String?
    let buildID: String?
    let code: String
    let message: String?
    let status: String
    let frames: [Frame]?
    let lines: [LogLineDocument]?
  }

  static func report(_ payload: [UInt8], of device: DeviceID) throws(RejectedReport) -> WireCrashReport {
    let document = try Payload.decode(Document.self, from: payload, maximumBytes: maximumBytes)
    var report = WireCrashReport()
    report.deviceID = Data(device.bytes)
    guard let id = Hexadecimal.decode(document.id), id.count == 16 else {
      throw RejectedReport(.field, "id must be 32 hexadecimal digits")
    }
    report.id = Data(id)
    report.realtimeNanoseconds = try Payload.check(document.at, "at")
    report.firmwareVersion = try Payload.check(document.version, "version", from: 1)
    guard let digest = SHA256Digest(document.digest) else {
      throw RejectedReport(.field, "digest must be sha256: and 64 hexadecimal digits")
    }
    report.digest = Data(digest.bytes)
    report.appName = Payload.cleaned(document.appName ?? "", maximumBytes: maximumLabelBytes)
    report.appVersion = Payload.cleaned(document.appVersion ?? "", maximumBytes: maximumLabelBytes)
    guard let buildID = Hexadecimal.decode(document.buildID ?? ""), buildID.count <= maximumBuildIDBytes else {
      throw RejectedReport(.field, "buildID must be hexadecimal digits of at most \(maximumBuildIDBytes) bytes")
    }
    report.buildID = Data(buildID)
    guard isCode(document.code) else {
      throw RejectedReport(.field, "code must be 1 to 64 small letters, digits and hyphens")
    }
    report.code = document.code
    report.message = Payload.cleaned(document.message ?? "", maximumBytes: maximumMessageBytes)
    guard statuses.contains(document.status) else { throw RejectedReport(.field, "status must be trial or confirmed") }
    report.status = document.status
    report.frames = try frames(document.frames ?? [])
    let lines = document.lines ?? []
    guard lines.count <= maximumLines else { throw RejectedReport(.field, "lines must be at most \(maximumLines)") }
    report.lastLines = try LogLineDocument.checked(lines)
    return report
  }

  private static func frames(_ frames: [Document.Frame]) throws(RejectedReport) -> [WireCrashFrame] {
    guard frames.count <= maximumFrames else { throw RejectedReport(.field, "frames must be at most \(maximumFrames)") }
    var checked: [WireCrashFrame] = []
    for frame in frames {
      var wire = WireCrashFrame()
      wire.functionIndex = frame.function
      wire.functionOffset = try Payload.check(frame.functionOffset, "a frame's functionOffset")
      wire.moduleOffset = try Payload.check(frame.moduleOffset, "a frame's moduleOffset")
      wire.functionName = Payload.cleaned(frame.name ?? "", maximumBytes: maximumNameBytes)
      checked.append(wire)
    }
    return checked
  }

  private static func isCode(_ code: String) -> Bool {
    (1...64).contains(code.utf8.count)
      && code.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || byte == UInt8(ascii: "-")
      }
  }
}
