package import DeviceProtocol
package import FirmwareImage
package import FoundationEssentials
package import Foundations

/// A version of a device's firmware and the digest of its wasm.
package struct FirmwareReference: Sendable, Hashable {
  package var version: UInt64
  package var digest: SHA256Digest

  package init(version: UInt64, digest: SHA256Digest) {
    self.version = version
    self.digest = digest
  }
}

/// What a device said of itself last.
package struct ReportedState: Sendable, Equatable {
  /// Nil: nothing runs yet.
  package var running: FirmwareReference?
  /// `A`, `B`, or empty while nothing runs.
  package var slot: String
  package var status: RunStatus
  /// In the device's words, or empty.
  package var reason: String
  /// When the Registry first heard this state.
  package var at: Date
  /// What was tried and not kept, until it runs after all.
  package var failed: FirmwareReference?
  /// Why that was not kept, in the device's words; it stays when the device has nothing more to say of it.
  package var failedReason: String
  /// How long no app handled events at the switch to what runs; 0: not measured.
  package var switchGapNanoseconds: UInt64
  /// What the device says it waits for.
  package var waiting: Waiting?

  package init(
    running: FirmwareReference?, slot: String, status: RunStatus, reason: String, at: Date,
    failed: FirmwareReference?, failedReason: String = "", switchGapNanoseconds: UInt64 = 0,
    waiting: Waiting? = nil
  ) {
    self.running = running
    self.slot = slot
    self.status = status
    self.reason = reason
    self.at = at
    self.failed = failed
    self.failedReason = failedReason
    self.switchGapNanoseconds = switchGapNanoseconds
    self.waiting = waiting
  }

  /// Whether both say the same of what runs, no matter when they said it and what the device waits for.
  package func says(_ other: ReportedState) -> Bool {
    running == other.running && slot == other.slot && status == other.status && reason == other.reason
      && failed == other.failed && failedReason == other.failedReason
      && switchGapNanoseconds == other.switchGapNanoseconds
  }
}

/// How far a device is with what it should run. Derived by the database, see ``RegistrySchema``.
package enum DeploymentState: String, Sendable, CaseIterable {
  /// Nothing was ever assigned to it.
  case unassigned
  /// It has not confirmed its desired version.
  case pending
  /// It runs its desired version and confirmed it.
  case current
  /// It rolled back or refused its desired version, and is not sent it again: only a new version changes that.
  case failed
  /// It was taken out of service: nothing is assigned to it any more.
  case decommissioned
}

/// What an app says of itself.
package struct AppLabels: Sendable, Equatable {
  package var name: AppLabel
  package var version: AppLabel

  package init(name: AppLabel, version: AppLabel) {
    self.name = name
    self.version = version
  }
}

/// A device as the Registry knows it.
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
  /// What speaks against it, or empty.
  package var healthReason: String
  package var desired: FirmwareReference?
  package var reported: ReportedState?
  package var divergence: Divergence?
  /// The one that runs, if it was ever assigned here.
  package var app: AppLabels?
  /// When two machines last spoke with its identity, if that was within the last day.
  package var clonedAt: Date?
  /// Why it does not run what it should.
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
  /// This Registry never gave it that version with that image.
  case unknownVersion = "unknown-version"
  /// It takes no notice of its desired version, because what it had is not below that.
  case ahead
}
