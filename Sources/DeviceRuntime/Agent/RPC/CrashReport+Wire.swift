import DeviceProtocol
import DeviceStorage
import FoundationEssentials
import Foundations
import SwiftProtobuf
import Wire

extension WireCrashReport {
  /// For the admin commands, which know which device they asked.
  init(_ report: CrashReport) {
    self.init()
    id = Data(Hexadecimal.decode(report.id) ?? [])
    realtimeNanoseconds = report.at
    firmwareVersion = report.version
    digest = Data(SHA256Digest(report.digest)?.bytes ?? [])
    appName = report.appName
    appVersion = report.appVersion
    buildID = Data(Hexadecimal.decode(report.buildID) ?? [])
    code = report.code
    message = report.message
    status = report.status
    frames = report.frames.map { frame in
      WireCrashFrame.with {
        $0.functionIndex = frame.function
        $0.functionOffset = frame.functionOffset
        $0.moduleOffset = frame.moduleOffset
        $0.functionName = frame.name ?? ""
      }
    }
    lastLines = report.lines.map { line in
      WireDeviceLogLine.with {
        $0.id = line.id
        $0.realtimeNanoseconds = line.at
        $0.monotonicNanoseconds = line.monotonic
        $0.level = line.level
        $0.source = line.source
        $0.firmwareVersion = line.version
        $0.text = line.text
      }
    }
  }
}
