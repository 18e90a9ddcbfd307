package import FoundationEssentials

/// What follows from comparing what a device runs with what it should run.
package enum ReconcileDecision: Sendable, Equatable {
  /// Nothing was ever assigned.
  case nothingDesired
  /// It runs the desired version, on trial or confirmed.
  case running
  /// It rolled back or refused the desired version, and is not sent it again until an operator says so.
  case heldBack
  /// A notification of it waits in the outbox, or left it only just now.
  case alreadyNotified
  /// It must be notified again.
  case notify
}

/// Decides by states alone, never by what happened: any message may be lost, doubled or late, and the
/// next report still leads to the right decision.
///
/// - Parameters:
///   - notificationPending: whether the outbox holds the desired version for this device.
///   - notifiedAt: when the broker last acknowledged a notification of the desired version.
///   - interval: how long a notification gets to take effect before it is repeated, in seconds.
package func reconcile(
  desired: FirmwareReference?, reported: ReportedState, notificationPending: Bool, notifiedAt: Date?, now: Date,
  interval: TimeInterval
) -> ReconcileDecision {
  guard let desired else { return .nothingDesired }
  if reported.running == desired { return .running }
  if reported.failed == desired { return .heldBack }
  if notificationPending { return .alreadyNotified }
  // A time in the future comes of a clock set back, and must not silence the device for long.
  if let notifiedAt, abs(now.timeIntervalSince(notifiedAt)) < interval { return .alreadyNotified }
  return .notify
}
