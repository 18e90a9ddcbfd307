package import DeviceProtocol
import FirmwareImage
package import FoundationEssentials
package import Foundations

/// The devices that a batch of reports is about (`entries`), and what the reports change of them: decided apart from
/// the database, which then writes all of it in one transaction.
package struct ReportBatch: Sendable {
  /// One `device` of the batch and what it should run (`desired`, nil for nothing), as read from the database, with
  /// what the reports did to it: whether there were any (`isTouched`), and the `changes` that are worth an event,
  /// oldest first.
  package struct Entry: Sendable {
    package var device: TrackedDevice
    package let desired: DesiredFirmware?
    /// What the device said last in this batch, whether that is newer than what is stored or not. Presence alone says
    /// nothing.
    var lastStated: ReportedState?
    package var isTouched = false
    package var changes: [Change] = []

    package init(device: TrackedDevice, desired: DesiredFirmware?) {
      self.device = device
      self.desired = desired
    }

    /// What follows for the device from what it said in this batch; nothing if it said nothing.
    ///
    /// - Parameter interval: how long a notification gets to take effect before it is repeated, in seconds.
    package func decision(now: Date, interval: TimeInterval) -> ReconcileDecision {
      guard let lastStated else { return .nothingDesired }
      return reconcile(desired: desired, reported: lastStated, now: now, interval: interval)
    }
  }

  /// Something that is worth an event, and its `kind`.
  package struct Change: Sendable {
    package let kind: TrackedDevice.Change
    /// The device's state at that moment, since a trial and its end may come in one batch; nil where the change is
    /// not about it.
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

  /// Applies a report to its device, and says what becomes of it.
  ///
  /// - Parameter onlineWindow: for how long a word of the device counts as a sign of life, in seconds.
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

extension ReportBatch {
  /// The status of each state that is worth an event, as devices reported them.
  package var reportedStatuses: [RunStatus] {
    entries.values.flatMap { $0.changes.compactMap { change in change.state?.status } }
  }
}
