import Foundations
import Metrics
import Wire

/// Tells from the Registry's answers which reports of a device's state need no repeating.
struct ReportSettlement: Sendable {
  /// A state report that the Registry stored, or refused for good.
  struct Settled: Equatable, Sendable {
    let device: DeviceID
    let sequence: UInt64
    /// What the Registry holds instead, where it took the report for a late one.
    let held: WireReportPosition?
  }

  private let recorded = Counter(label: "notifier_reports_recorded_total")
  private let refused = Counter(label: "notifier_reports_refused_total")

  /// The state reports of a batch that their devices need not repeat, with the Registry's answers to them.
  func settled(_ answers: BatchRecorder<WireDeviceReport, WireReportOutcome>.Answers) -> [Settled] {
    var settled: [Settled] = []
    for (report, outcome) in answers {
      // Whatever the Registry refuses it refuses for good: the device is unknown, or it has newer.
      (outcome.stored ? recorded : refused).increment()
      guard report.sequence > 0, let device = DeviceID(bytes: report.deviceID) else { continue }
      settled.append(
        Settled(
          device: device, sequence: report.sequence, held: outcome.hasHeld ? outcome.held : nil))
    }
    return settled
  }
}
