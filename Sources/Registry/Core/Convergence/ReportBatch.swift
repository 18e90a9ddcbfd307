import FirmwareImage
import FoundationEssentials

/// The devices that a batch of reports is about, and what the reports change of them.
struct ReportBatch: Sendable {
  struct Entry: Sendable {
    var device: TrackedDevice
    let desired: FirmwareReference?
    let isNotificationPending: Bool
    let notifiedAt: Date?
    /// Whether a report was taken at all.
    var isTouched = false
    var hasStated = false
    var changes: [TrackedDevice.Change] = []
    /// The states that it stated anew, in their order: a trial and its end may come in one batch.
    var statedStates: [ReportedState] = []

    /// Only a device that stated what it runs is compared; presence alone says nothing of it.
    func decision(now: Date, interval: TimeInterval) -> ReconcileDecision {
      guard hasStated, let reported = device.reported else { return .nothingDesired }
      return reconcile(
        desired: desired, reported: reported, notificationPending: isNotificationPending, notifiedAt: notifiedAt,
        now: now, interval: interval)
    }
  }

  /// The database's clock, which all replicas share.
  var now = Date(timeIntervalSince1970: 0)
  var entries: [DeviceID: Entry] = [:]

  mutating func take(_ report: DeviceReport, onlineWindow: TimeInterval) -> ReportVerdict {
    guard var entry = entries[report.device] else { return .unknownDevice }
    let (verdict, changes) = entry.device.take(report.content, now: now, onlineWindow: onlineWindow)
    if verdict == .stored {
      entry.isTouched = true
      entry.changes += changes
      if case .state = report.content { entry.hasStated = true }
      if changes.contains(.stateReported), let state = entry.device.reported { entry.statedStates.append(state) }
    }
    entries[report.device] = entry
    return verdict
  }
}
