import Foundations
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
    /// What the Registry holds instead, where it took the report for a late one.
    let held: ReportPosition?
  }

  private let recorder: BatchRecorder<WireDeviceReport, WireReportOutcome>
  private let recorded = Counter(label: "notifier_reports_recorded_total")
  private let refused = Counter(label: "notifier_reports_refused_total")

  /// - Parameters:
  ///   - deadline: for one attempt at one batch.
  init(registry: any RPCCaller, deadline: Duration = .seconds(5), logger: Logger) {
    recorder = BatchRecorder("report", logger: logger) { report in
      DeviceID(bytes: report.deviceID)?.description ?? "?"
    } canStore: {
      await registry.canStore()
    } attempt: { reports in
      let request = WireRecordReports.with { $0.reports = reports }
      return try await registry.call(request, deadline: deadline).outcomes
    }
  }

  /// Records reports, however long the Registry is away; returns early when the task is cancelled.
  ///
  /// - Parameter settle: told what is settled, batch by batch.
  func record(_ reports: [WireDeviceReport], settle: ([Settled]) async -> Void) async {
    await recorder.record(reports) { answers in
      var settled: [Settled] = []
      for (report, outcome) in answers {
        // Whatever the Registry refuses it refuses for good: the device is unknown, or it has newer.
        (outcome.stored ? recorded : refused).increment()
        guard report.sequence > 0, let device = DeviceID(bytes: report.deviceID) else { continue }
        settled.append(
          Settled(
            device: device, sequence: report.sequence,
            held: outcome.hasHeld ? ReportPosition(outcome.held) : nil))
      }
      await settle(settled)
    }
  }
}
