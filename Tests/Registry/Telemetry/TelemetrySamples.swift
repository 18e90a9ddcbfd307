import FoundationEssentials
import Foundations
import Wire

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryMessages

extension WireDeviceLogLine {
  static func sample(_ id: UInt64, _ text: String? = nil, level: String = "info") -> WireDeviceLogLine {
    var line = WireDeviceLogLine()
    line.id = id
    line.realtimeNanoseconds = 1_700_000_000_000_000_000 + id
    line.monotonicNanoseconds = id * 1000
    line.level = level
    line.source = "app"
    line.firmwareVersion = 3
    line.text = text ?? "line \(id)"
    return line
  }
}

extension WireDeviceLogBatch {
  static func sample(
    _ device: DeviceID, _ ids: ClosedRange<UInt64>, log: String = "00000000000000a1", lost: UInt64 = 0,
    text: String? = nil
  ) -> WireDeviceLogBatch {
    var batch = WireDeviceLogBatch()
    batch.deviceID = Data(device.bytes)
    batch.logID = log
    batch.lost = lost
    batch.lines = ids.map { .sample($0, text) }
    return batch
  }
}

extension WireCrashReport {
  static func sample(
    _ device: DeviceID, id: [UInt8] = DeviceID.random().bytes, app: String = "sensor", code: String = "unreachable",
    functions: [String] = ["fail", "check", "_start"], buildID: [UInt8] = [1, 2, 3]
  ) -> WireCrashReport {
    var report = WireCrashReport()
    report.deviceID = Data(device.bytes)
    report.id = Data(id)
    report.realtimeNanoseconds = 1_700_000_000_000_000_000
    report.firmwareVersion = 3
    report.digest = Data(repeating: 7, count: 32)
    report.appName = app
    report.appVersion = "1.0"
    report.buildID = Data(buildID)
    report.code = code
    report.message = "wasm trap: unreachable"
    report.status = "confirmed"
    report.frames = functions.enumerated().map { index, name in
      var frame = WireCrashFrame()
      frame.functionIndex = UInt32(index + 10)
      frame.functionOffset = 5
      frame.moduleOffset = UInt64(100 * (index + 1))
      frame.functionName = name
      return frame
    }
    report.lastLines = [.sample(41), .sample(42)]
    return report
  }
}
