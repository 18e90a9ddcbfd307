import DeviceProtocol
package import FirmwareImage
package import FoundationEssentials
package import Foundations

/// A `version` of a device's firmware and the `digest` of its wasm. Both are compared: after a database was restored
/// from a backup, one version may stand for two images.
package struct FirmwareReference: Sendable, Hashable {
  package var version: UInt64
  package var digest: SHA256Digest

  package init(version: UInt64, digest: SHA256Digest) {
    self.version = version
    self.digest = digest
  }
}

/// How far a device is with what it should run. Derived by the database, see ``RegistrySchema``.
package enum DeploymentState: String, Sendable, CaseIterable {
  /// Nothing was ever assigned to the device.
  case unassigned
  /// The device has not confirmed its desired version.
  case pending
  /// The device runs its desired version and confirmed it.
  case current
  /// The device rolled back or refused its desired version, and is not sent it again: only a new version changes
  /// that.
  case failed
  /// The device was taken out of service: nothing is assigned to it any more.
  case decommissioned
}

/// The `name` and `version` that an app's publisher gave it; either may be empty.
package struct AppLabels: Sendable, Equatable {
  package var name: AppLabel
  package var version: AppLabel

  package init(name: AppLabel, version: AppLabel) {
    self.name = name
    self.version = version
  }
}

/// A device as the Registry knows it: its `id`, the `name` and `tags` that operators give it, the `serial` number of
/// its board (empty if nobody said one), and when it was made (`createdAt`).
///
/// What it should run is `desired` (nil: nothing was ever assigned), what it says that it runs `reported` (nil: it
/// never said anything); `state` is how far it is with that, and `divergence` why the two can't be brought together,
/// if they can't. It is `online` while it was heard of within three heartbeats; `lastSeen` is nil if it never was.
/// `health` is whether its app does its work.
package struct Device: Sendable, Equatable {
  package var id: DeviceID
  package var name: String
  package var tags: [String]
  package var serial: String
  /// Grows with each change of name or tags.
  package var revision: Int64
  package var createdAt: Date
  package var online: Bool
  package var lastSeen: Date?
  package var state: DeploymentState
  package var health: DeviceHealth
  /// What speaks against the device's health, for people; empty if nothing does.
  package var healthReason: String
  package var desired: FirmwareReference?
  package var reported: ReportedState?
  package var divergence: Divergence?
  /// What the app that runs is called, if its version was assigned by this Registry.
  package var app: AppLabels?
  /// When two machines last spoke with the device's identity, if that was within the last day.
  package var clonedAt: Date?
  /// Why the device does not run what it should, if it doesn't.
  package var waiting: Waiting? = nil

  package init(
    id: DeviceID, name: String, tags: [String], serial: String, revision: Int64, createdAt: Date, online: Bool,
    lastSeen: Date?, state: DeploymentState, health: DeviceHealth, healthReason: String, desired: FirmwareReference?,
    reported: ReportedState?, divergence: Divergence? = nil, app: AppLabels? = nil, clonedAt: Date? = nil,
    waiting: Waiting? = nil
  ) {
    self.id = id
    self.name = name
    self.tags = tags
    self.serial = serial
    self.revision = revision
    self.createdAt = createdAt
    self.online = online
    self.lastSeen = lastSeen
    self.state = state
    self.health = health
    self.healthReason = healthReason
    self.desired = desired
    self.reported = reported
    self.divergence = divergence
    self.app = app
    self.clonedAt = clonedAt
    self.waiting = waiting
  }
}

/// Why what a device says it runs does not fit what it was given.
package enum Divergence: String, Sendable, CaseIterable {
  /// The Registry never gave the device that version with that image.
  case unknownVersion = "unknown-version"
  /// The device takes no notice of its desired version, because what it had is not below that.
  case ahead
}
