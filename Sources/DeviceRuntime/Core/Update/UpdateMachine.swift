/// How a device goes from one version to the next, without doing any of it: what happened goes in, what to do comes
/// out. Actions are to be done in their order, each before the next.
///
/// ```
///             notified                downloaded            staged
///  resting ─────────────▶ downloading ───────────▶ verified ───────▶ staged
///    ▲                      │    ▲ │                 │                 │ app started
///    │   refused            │    └─┘ newer version   │ refused         ▼
///    ├──────────────────────┴────────────────────────┘               trial
///    │                                                                 │
///    ├───────────── confirmed ◀── healthy, in time, ran to its end ────┤
///    └───────────── rolled back ◀── trapped, failed to start, killed ──┘
/// ```
///
/// The old app runs until the new one is up. The boot record is saved before anything that must not be forgotten, so
/// the machine made anew from the record goes on where it was.
package struct UpdateMachine: Sendable, Hashable {
  package enum Phase: Sendable, Hashable {
    /// Nothing was ever tried, or the last version was refused.
    case idle
    case downloading(FirmwareNotification, failedAttempts: Int)
    /// All bytes are there and right; they become a slot's image now.
    case verified(FirmwareNotification)
    /// In the slot, its app launched and not yet up.
    case staged(Slot, isHealthy: Bool)
    /// Its app runs, and the old one doesn't any more.
    case trial(Slot)
    case confirmed
    case rolledBack
  }

  package enum Event: Sendable, Hashable {
    /// The agent starts; `pending` is a download that an earlier run of it had begun.
    case started(pending: FirmwareNotification?)
    case notified(FirmwareNotification)
    /// No server gave the image this time. The download goes on by itself.
    case downloadAttemptFailed(version: UInt64)
    case downloaded(version: UInt64)
    /// For good: other bytes than announced, too large, no space.
    case downloadRefused(version: UInt64, reason: String)
    case staged(version: UInt64)
    case stagingFailed(version: UInt64, reason: String)
    case appStarted(Slot)
    case healthConfirmed(Slot)
    case trialElapsed(version: UInt64)
    /// The app ran to its end, which is what it wanted.
    case appFinished(Slot)
    case appFailed(Slot, reason: String)
    /// The slot's image is not what the record says.
    case imageDamaged(Slot, reason: String)
    /// The pause before a new start of a failed app is over.
    case relaunchDue(Slot)
  }

  package enum Action: Sendable, Hashable {
    case saveRecord
    /// Ends a download under way first. `into` may be overwritten.
    case startDownload(FirmwareNotification, into: Slot)
    case stopDownload
    /// Makes the downloaded bytes the image of the slot. Answered by `staged` or `stagingFailed`.
    case stage(FirmwareNotification, into: Slot)
    /// The download, whole or not, is needed no more.
    case discardDownload
    case launch(Slot)
    case stop(Slot)
    /// Launch it after a pause that grows with every failure. Answered by `relaunchDue`.
    case relaunchLater(Slot)
    case startTrialTimer(version: UInt64)
    case stopTrialTimer
    case report
    /// Worth a line in the device's log.
    case note(Note)
  }

  package enum Note: Sendable, Hashable {
    case downloading(version: UInt64)
    case trial(version: UInt64)
    case confirmed(version: UInt64)
    case rolledBack(version: UInt64, reason: String)
    case refused(version: UInt64, reason: String)
    case appFinished(version: UInt64)
    case appFailed(version: UInt64, reason: String)
    case imageDamaged(version: UInt64, reason: String)
    /// Older than what runs, or known not to work.
    case ignored(version: UInt64)
  }

  /// An app whose trial was cut short this often is given up: it may be what brings the device down.
  package static let maximumTrialStarts: UInt8 = 3
  /// After so many fruitless attempts an older notification may take the place of the download.
  package static let stalledAttempts = 3

  package var record: BootRecord
  package var phase: Phase
  /// The newest version notified while another one could not be interrupted.
  var next: FirmwareNotification?
  /// The active app ran to its end and is not to be started again by this run of the agent.
  var isActiveFinished = false
  /// The active slot's app was launched by this run of the agent.
  var isActiveLaunched = false

  package init(record: BootRecord) {
    self.record = record
    phase =
      switch record.failed?.kind {
      case .rolledBack: .rolledBack
      case .refused: .idle
      case nil: record.active == nil ? .idle : .confirmed
      }
  }

  package mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .started(let pending): start(pending)
    case .notified(let notification): consider(notification)
    case .downloadAttemptFailed(let version): noteFailedAttempt(version)
    case .downloaded(let version): beginStaging(version)
    case .downloadRefused(let version, let reason): refuse(version, reason, in: .downloading)
    case .stagingFailed(let version, let reason): refuse(version, reason, in: .staging)
    case .staged(let version): beginTrial(version)
    case .appStarted(let slot): switchOver(to: slot)
    case .healthConfirmed(let slot): noteHealth(of: slot)
    case .trialElapsed(let version): endTrialInTime(version)
    case .appFinished(let slot): finish(slot)
    case .appFailed(let slot, let reason): fail(slot, reason)
    case .imageDamaged(let slot, let reason): loseImage(slot, reason)
    case .relaunchDue(let slot): relaunch(slot)
    }
  }
}

extension UpdateMachine.Phase {
  /// No version is on its way.
  package var isResting: Bool {
    switch self {
    case .idle, .confirmed, .rolledBack: true
    case .downloading, .verified, .staged, .trial: false
    }
  }

  /// For people, and stable for programs.
  package var name: String {
    switch self {
    case .idle: "idle"
    case .downloading: "downloading"
    case .verified: "verified"
    case .staged: "staged"
    case .trial: "trial"
    case .confirmed: "confirmed"
    case .rolledBack: "rolled-back"
    }
  }
}
