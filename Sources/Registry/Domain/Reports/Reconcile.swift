package import FoundationEssentials

/// What follows from comparing what a device runs with what it should run.
package enum ReconcileDecision: Sendable, Equatable {
  /// Nothing was ever assigned.
  case nothingDesired
  /// The device runs the desired version, on trial or confirmed.
  case running
  /// The device rolled back or refused the desired version, and is not sent it again until an operator says so.
  case heldBack
  /// A notification of it waits in the outbox, or left it only just now.
  case alreadyNotified
  /// The device must be notified of it again.
  case notify
  /// The device had a version that is not below the desired one, so it takes no notice of that, and it never tried
  /// it: the image is to become a higher version. The database was restored from a backup, and numbers were given out
  /// again.
  case assignAgain
  /// As `assignAgain`, but the device had the desired version once: going back to it is for an operator to decide.
  case ahead
}

/// The desired version of a device (`reference`), and how far the Registry got with it.
package struct DesiredFirmware: Sendable, Equatable {
  package var reference: FirmwareReference
  /// Whether the outbox holds a notification of it.
  package var isNotificationPending: Bool
  /// When the broker last acknowledged one.
  package var notifiedAt: Date?
  /// Whether the device ever said that it tried, kept or gave up exactly this one.
  package var wasTried: Bool

  package init(
    _ reference: FirmwareReference, isNotificationPending: Bool = false, notifiedAt: Date? = nil, wasTried: Bool = false
  ) {
    self.reference = reference
    self.isNotificationPending = isNotificationPending
    self.notifiedAt = notifiedAt
    self.wasTried = wasTried
  }
}

/// Decides by states alone, never by what happened: any message may be lost, doubled or late, and the
/// next report still leads to the right decision.
///
/// It is about devices that are notified. What one that only polls may fetch is another rule, that of the image store
/// (`FirmwareCatalog.waitingVersion`): a version on trial counts as running here, and still waits there.
///
/// - Parameter interval: how long a notification gets to take effect before it is repeated, in seconds.
func reconcile(
  desired: DesiredFirmware?, reported: ReportedState, now: Date, interval: TimeInterval
) -> ReconcileDecision {
  guard let desired else { return .nothingDesired }
  if reported.running == desired.reference { return .running }
  if reported.failed == desired.reference { return .heldBack }
  if reported.highestVersion >= desired.reference.version {
    return desired.wasTried || reported.highestVersion > FirmwareReference.highestPlausibleVersion
      ? .ahead : .assignAgain
  }
  if desired.isNotificationPending { return .alreadyNotified }
  // A time in the future comes of a clock set back, and must not silence the device for long.
  if let notifiedAt = desired.notifiedAt, abs(now.timeIntervalSince(notifiedAt)) < interval { return .alreadyNotified }
  return .notify
}

extension ReportedState {
  /// The device takes no version up to this one.
  var highestVersion: UInt64 { max(running?.version ?? 0, failed?.version ?? 0) }
}

extension FirmwareReference {
  /// No device got above this version by assignments. One that says it did must not use up the numbers of those to
  /// come.
  package static let highestPlausibleVersion: UInt64 = 1 << 52
}
