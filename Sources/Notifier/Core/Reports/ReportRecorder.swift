import FirmwareImage
import Logging
import Messaging
import Metrics
import SwiftProtobuf
import Wire

/// Hands reports to the Registry, and tells which of them need no repeating.
struct ReportRecorder: Sendable {
  /// A state report that the Registry stored, or refused for good.
  struct Settled: Equatable, Sendable {
    let device: DeviceID
    let sequence: UInt64
  }

  private let recorder: BatchRecorder<WireDeviceReport, WireReportOutcome>
  private let recorded = Counter(label: "notifier_reports_recorded_total")
  private let refused = Counter(label: "notifier_reports_refused_total")

  /// - Parameters:
  ///   - deadline: for one attempt at one batch.
  init(registry: any RPCCaller, deadline: Duration = .seconds(5), logger: Logger) {
    recorder = BatchRecorder("report", logger: logger) { reports in
      let request = WireRecordReports.with { $0.reports = reports }
      return try await registry.call(request, deadline: deadline).outcomes
    }
  }

  /// Records a batch, however long the Registry is away.
  ///
  /// - Returns: what is settled; empty when the task was cancelled before that.
  func record(_ reports: [WireDeviceReport]) async -> [Settled] {
    var settled: [Settled] = []
    for (report, outcome) in await recorder.record(reports) {
      // Whatever the Registry refuses it refuses for good: the device is unknown, or it has newer.
      (outcome.stored ? recorded : refused).increment()
      if report.sequence > 0, let device = DeviceID(bytes: report.deviceID) {
        settled.append(Settled(device: device, sequence: report.sequence))
      }
    }
    return settled
  }
}
