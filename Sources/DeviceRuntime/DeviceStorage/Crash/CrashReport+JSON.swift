package import DeviceProtocol
import FoundationEssentials
import TextFormats

extension CrashReport {
  /// The payload of `/devices/{id}/crash`. If it would be longer than `maximumBytes`, the oldest lines are left out,
  /// and then the outermost frames.
  package func json(maximumBytes: Int = DeviceLimit.crashBytes.value) throws -> [UInt8] {
    let encoder = JSONCoding.encoder()
    var report = self
    while true {
      let data = try encoder.encode(report)
      if data.count <= maximumBytes || report.lines.isEmpty && report.frames.isEmpty { return Array(data) }
      if report.lines.isEmpty {
        report.frames.removeLast((report.frames.count + 1) / 2)
      } else {
        report.lines.removeFirst((report.lines.count + 1) / 2)
      }
    }
  }

  package init?(json: [UInt8]) {
    guard let report = try? JSONCoding.decode(CrashReport.self, from: json) else { return nil }
    self = report
  }
}
