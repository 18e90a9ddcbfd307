import FirmwareImage
import Logging
import Messaging
import Metrics
import SwiftProtobuf
import Wire

/// Hands reports to the Registry, one batch at a time so that a device's presences stay in order, and tells which of them
/// need no repeating.
struct ReportRecorder: Sendable {
  /// A state report that the Registry stored, or refused for good.
  struct Settled: Equatable, Sendable {
    let device: DeviceID
    let sequence: UInt64
  }

  private let registry: any RPCCaller
  private let deadline: Duration
  private let retryInitialDelay: Duration
  private let retryMaximumDelay: Duration
  private let logger: Logger
  private let recorded = Counter(label: "notifier_reports_recorded_total")
  private let refused = Counter(label: "notifier_reports_refused_total")
  private let retries = Counter(label: "notifier_report_batches_retried_total")

  /// - Parameters:
  ///   - deadline: for one attempt at one batch.
  init(
    registry: any RPCCaller, deadline: Duration = .seconds(5), retryInitialDelay: Duration = .milliseconds(100),
    retryMaximumDelay: Duration = .seconds(2), logger: Logger
  ) {
    self.registry = registry
    self.deadline = deadline
    self.retryInitialDelay = retryInitialDelay
    self.retryMaximumDelay = retryMaximumDelay
    self.logger = logger
  }

  /// Records a batch, however long the Registry is away.
  ///
  /// - Returns: what is settled; empty when the task was cancelled before that.
  func record(_ reports: [WireDeviceReport]) async -> [Settled] {
    var delay = retryInitialDelay
    var isOutageLogged = false
    while true {
      do throws(WireFailure) {
        return try await attempt(reports)
      } catch {
        if error.code == .invalid || error.code == .unsupported {
          return await recordApart(reports, failure: error)
        }
        if Task.isCancelled { return [] }
        retries.increment()
        if !isOutageLogged {
          isOutageLogged = true
          logger.warning(
            "The Registry does not take reports; they wait",
            metadata: ["reports": "\(reports.count)", "error": "\(error)"])
        }
      }
      // Between half and all of the delay, so that replicas do not come back at once.
      do {
        try await Task.sleep(for: delay / 2 + delay / 2 * Double.random(in: 0...1))
      } catch {
        return []
      }
      delay = min(delay * 2, retryMaximumDelay)
    }
  }

  private func attempt(_ reports: [WireDeviceReport]) async throws(WireFailure) -> [Settled] {
    let request = WireRecordReports.with { $0.reports = reports }
    let response = try await registry.call(request, deadline: deadline)
    guard response.outcomes.count == reports.count else {
      throw WireFailure(
        .internal, reason: "wrong-outcomes",
        message: "the Registry answered \(response.outcomes.count) outcomes for \(reports.count) reports")
    }
    var settled: [Settled] = []
    for (report, outcome) in zip(reports, response.outcomes) {
      // Whatever the Registry refuses it refuses for good: the device is unknown, or it has newer.
      (outcome.stored ? recorded : refused).increment()
      if report.sequence > 0, let device = DeviceID(bytes: report.deviceID) {
        settled.append(Settled(device: device, sequence: report.sequence))
      }
    }
    return settled
  }

  /// Finds the reports that make the Registry refuse the whole batch, so that they don't hold up the others for ever.
  private func recordApart(_ reports: [WireDeviceReport], failure: WireFailure) async -> [Settled] {
    guard reports.count > 1 else {
      refused.increment()
      logger.error("The Registry can't read a report; it is dropped", metadata: ["error": "\(failure)"])
      // Not settled: the device is not told that anything was stored.
      return []
    }
    let middle = reports.count / 2
    let first = await record(Array(reports[..<middle]))
    return first + (await record(Array(reports[middle...])))
  }
}
