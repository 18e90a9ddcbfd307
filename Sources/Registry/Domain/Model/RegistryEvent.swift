package import FoundationEssentials
package import Foundations

/// Something that happened to a `device`, and when (`at`, by the database's clock).
package struct RegistryEvent: Sendable, Equatable {
  /// What can happen; the raw value is what clients see.
  package enum Kind: String, Sendable, CaseIterable {
    case deviceCreated = "device-created"
    case deviceUpdated = "device-updated"
    case deviceDeleted = "device-deleted"
    case deviceDecommissioned = "device-decommissioned"
    case deviceRecommissioned = "device-recommissioned"
    case deviceOnline = "device-online"
    case deviceOffline = "device-offline"
    case imageAssigned = "image-assigned"
    /// The desired image became a new version, because the device had that version's number of another image: the
    /// database was restored from a backup.
    case imageAssignedAgain = "image-assigned-again"
    case notified
    /// The broker did not take the notification in many attempts, which go on.
    case notificationDelayed = "notification-delayed"
    case notificationRequested = "notification-requested"
    case stateReported = "state-reported"
    /// The device says that it ran what it was never given.
    case unknownVersion = "unknown-version"
    case crashReported = "crash-reported"
    /// Two machines speak with the identity of one device; at most once an hour.
    case identityCloned = "identity-cloned"
    /// The device caused more events than it may: tells how many were left out.
    case eventsOmitted = "events-omitted"
  }

  /// Grows in the order in which events became visible.
  package var id: UInt64
  package var device: DeviceID
  /// A ``Kind`` as text: a newer replica may have written one that this one doesn't know.
  package var kind: String
  package var at: Date
  /// What belongs to the kind, as a JSON object.
  package var detail: String

  package init(id: UInt64, device: DeviceID, kind: String, at: Date, detail: String) {
    self.id = id
    self.device = device
    self.kind = kind
    self.at = at
    self.detail = detail
  }
}

/// Which events to answer, by their IDs, and in which order.
package enum EventOrder: Sendable, Equatable {
  /// Those with a higher ID than the first and, if given, a lower one than the second, oldest first. A client that
  /// goes on from the last event it saw misses none.
  case after(UInt64, before: UInt64? = nil)
  /// Those with a lower ID, newest first; nil begins with the newest of all.
  case before(UInt64?)

  /// Whether the oldest come first.
  package var isForward: Bool {
    if case .after = self { true } else { false }
  }
}
