import FirmwareImage
package import FoundationEssentials
package import Foundations

/// The devices that a batch of reports is about, and what the reports change of them.
package struct ReportBatch: Sendable {
  package struct Entry: Sendable {
    package var device: TrackedDevice
    package let desired: DesiredFirmware?
    /// What it said last in this batch, whether that is newer than what is stored or not: presence alone says nothing.
    package var lastStated: ReportedState?
    package var isTouched = false
    package var changes: [Change] = []

    package init(device: TrackedDevice, desired: DesiredFirmware?) {
      self.device = device
      self.desired = desired
    }

    package func decision(now: Date, interval: TimeInterval) -> ReconcileDecision {
      guard let lastStated else { return .nothingDesired }
      return reconcile(desired: desired, reported: lastStated, now: now, interval: interval)
    }
  }

  /// Something that is worth an event.
  package struct Change: Sendable {
    package let kind: TrackedDevice.Change
    /// As it was then: a trial and its end may come in one batch.
    package let state: ReportedState?

    package init(kind: TrackedDevice.Change, state: ReportedState?) {
      self.kind = kind
      self.state = state
    }
  }

  /// The database's clock, which all replicas share.
  package var now = Date(timeIntervalSince1970: 0)
  package var entries: [DeviceID: Entry] = [:]

  package init() {}

  package mutating func take(_ report: ReceivedReport, onlineWindow: TimeInterval) -> ReportVerdict {
    guard var entry = entries[report.device] else { return .unknownDevice }
    // Copied back once: a copy for each report would copy all that is in it.
    entries[report.device] = nil
    let (verdict, changes) = entry.device.take(report.content, now: now, onlineWindow: onlineWindow)
    entry.isTouched = true
    switch report.content {
    case .state(let state, _, _): entry.lastStated = verdict == .stored ? entry.device.reported : state
    case .polled where verdict == .stored: entry.lastStated = entry.device.reported
    case .polled, .presence: break
    }
    entry.changes += changes.map { Change(kind: $0, state: $0 == .stateReported ? entry.device.reported : nil) }
    entries[report.device] = entry
    return verdict
  }
}
