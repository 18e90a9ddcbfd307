import FirmwareImage
package import FoundationEssentials

/// What keeps a device from running what it should: the `reason`, for people.
package struct Waiting: Sendable, Equatable {
  /// The version that the device waits to run; 0 if it is not about one.
  package var version: UInt64
  package var reason: String
  /// Since when. By the device's clock where the device says so itself; nil if it is not known.
  package var since: Date?

  package init(version: UInt64, reason: String, since: Date?) {
    self.version = version
    self.reason = reason
    self.since = since
  }
}

extension Waiting {
  /// How far the notification of the desired version got.
  package struct Notification: Sendable, Equatable {
    /// Whether the notification waits in the outbox.
    package var isPending: Bool
    /// When the broker last took one; nil: never.
    package var at: Date?

    package init(isPending: Bool, at: Date?) {
      self.isPending = isPending
      self.at = at
    }
  }

  /// Why a device has not got to its desired version yet: a state that is pending has a reason. What the Registry
  /// knows by itself comes first, as a device that is away says nothing new.
  ///
  /// - Returns: nil if there is nothing that it should run and does not.
  package static func reason(for device: Device, _ notification: Notification) -> Waiting? {
    guard let desired = device.desired else { return device.reported?.waiting }
    func because(_ reason: String, since: Date?) -> Waiting {
      Waiting(version: desired.version, reason: reason, since: since)
    }
    switch device.state {
    case .unassigned, .current, .decommissioned: return device.reported?.waiting
    case .failed:
      let words = device.reported?.failedReason ?? ""
      return because(
        "held back: the device did not keep it\(words.isEmpty ? "" : ": \(words)"); a retry gives it the image again",
        since: device.reported?.at)
    case .pending: break
    }
    guard device.online else {
      guard let seen = device.lastSeen else { return because("the device was never heard of", since: device.createdAt) }
      return because("the device is offline", since: seen)
    }
    guard let reported = device.reported else {
      return because("the device is online and has not said what it runs", since: device.lastSeen)
    }
    if let waiting = reported.waiting, [0, desired.version].contains(waiting.version) { return waiting }
    if reported.running == desired { return because("on trial", since: reported.at) }
    if notification.isPending {
      return because("the broker has not taken the notification yet", since: notification.at)
    }
    if let waiting = reported.waiting {
      return Waiting(
        version: waiting.version, reason: "the device is at version \(waiting.version): \(waiting.reason)",
        since: waiting.since)
    }
    return because("the device was notified and has not answered yet", since: notification.at)
  }
}
