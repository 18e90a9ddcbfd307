internal import FoundationEssentials
import ServiceKit

extension CrashReport {
  /// Of a report's JSON, on the flash and on its way.
  package static let maximumBytes = 64 << 10

  /// The payload of `/devices/{id}/crash`. The oldest lines give way to its bound, and then the outermost frames.
  package func json(maximumBytes: Int = CrashReport.maximumBytes) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
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
