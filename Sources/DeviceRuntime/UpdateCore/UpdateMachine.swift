/// How a device goes from one version to the next, without doing any of it: what happened goes in, what to do comes
/// out. Actions are to be done in their order, each before the next.
///
/// The states and what leads from one to the next are drawn in docs/updates.md.
///
/// The old app runs until the new one is up. The boot record is saved before anything that must not be forgotten, so
/// the machine made anew from the record goes on where it was.
package struct UpdateMachine: Sendable, Hashable {
  /// What the device is at.
  package enum Phase: Sendable, Hashable {
    /// Nothing was ever tried, or the last version was refused.
    case idle
    /// The image is being fetched; `failedAttempts` counts the rounds over all servers that brought nothing.
    case downloading(FirmwareOffer, failedAttempts: Int)
    /// All bytes are there and right; they are being compiled, and become a slot's image.
    case verified(FirmwareOffer, securityEpoch: UInt32)
    /// The image is in its slot, and its app launched. Once the app is up (`isStarted`), the old one is stopped, and
    /// it takes over.
    case staged(Slot, isHealthy: Bool, isStarted: Bool)
    /// The new app handles events, and the old one doesn't any more.
    case trial(Slot)
    /// The app works and is kept.
    case confirmed
    /// The last version failed in its trial, and the one before it is kept.
    case rolledBack
  }

  /// What happened.
  package enum Event: Sendable, Hashable {
    /// The agent starts; `pending` is a download that an earlier run of it had begun.
    case started(pending: FirmwareOffer?, boot: BootID = .unknown)
    /// The agent was asked to end, and will.
    case stopping
    case notified(FirmwareNotification)
    /// The head of an announced image was read. `objection`: why this device can never run it.
    case offered(FirmwareOffer, objection: String? = nil)
    /// No server gave the image this time, or the flash did not take it. The download goes on by itself.
    case downloadAttemptFailed(version: UInt64)
    case downloaded(version: UInt64, securityEpoch: UInt32 = 0)
    /// The image can never run on this device, though its bytes are those that were offered. The version is given up.
    case downloadRefused(version: UInt64, reason: String)
    case staged(version: UInt64)
    /// The flash failed, which says nothing of the image.
    case stagingFailed(version: UInt64, reason: String)
    /// The module can't be compiled. The version is given up.
    case stagingRefused(version: UInt64, reason: String)
    case appStarted(Slot)
    /// The app handles events from now on. `gapNanoseconds`: for how long no app did; nil if none ran before it.
    case appActivated(Slot, gapNanoseconds: UInt64? = nil)
    case healthConfirmed(Slot)
    case trialElapsed(version: UInt64)
    /// The app ran to its end, which is what it wanted.
    case appFinished(Slot)
    case appFailed(Slot, reason: String)
    /// The slot's image is not what the record says.
    case imageDamaged(Slot, reason: String)
    /// The pause before a new start of a failed app is over.
    case relaunchDue(Slot)
    /// The flash got a number of its own, which the device states along with what it runs.
    case epochChosen(UInt64)
  }

  /// What to do.
  package enum Action: Sendable, Hashable {
    case saveRecord
    /// Read the head of what was announced. Answered by `offered`, if there is something to it.
    case check(FirmwareNotification)
    /// Fetch the image, after ending a download under way. What the slot `into` holds may be overwritten.
    case startDownload(FirmwareOffer, into: Slot)
    /// Compile the downloaded image, and make it the slot's. Answered by `staged`, `stagingFailed` or
    /// `stagingRefused`.
    case stage(FirmwareOffer, into: Slot)
    /// Remove what was downloaded, whole or not: it is needed no more.
    case discardDownload
    case launch(Slot)
    case stop(Slot)
    /// Stop the old app, if there is one, and have the new one handle events as soon as the old one doesn't. Answered
    /// by `appActivated`, or by `appFailed`.
    case switchOver(from: Slot?, to: Slot)
    /// Launch the app after a pause that grows with every failure. Answered by `relaunchDue`.
    case relaunchLater(Slot)
    case startTrialTimer(version: UInt64)
    case stopTrialTimer
    /// Take no image of a lower epoch from now on, whatever becomes of this one. After a start it may be asked for
    /// again.
    case raiseSecurityEpoch(to: UInt32)
    case report
    /// Write a line into the device's log.
    case note(Note)
  }

  /// What people are told.
  package enum Note: Sendable, Hashable {
    case downloading(version: UInt64)
    case verified(version: UInt64)
    case stagingFailed(version: UInt64, reason: String)
    case switched(version: UInt64, gapNanoseconds: UInt64)
    case trial(version: UInt64)
    case confirmed(version: UInt64)
    case rolledBack(version: UInt64, reason: String)
    case refused(version: UInt64, reason: String)
    case appFinished(version: UInt64)
    case appFailed(version: UInt64, reason: String)
    case imageDamaged(version: UInt64, reason: String)
    /// The version is older than what runs, or known not to work.
    case ignored(version: UInt64)
  }

  /// An offer, and why this device can't run it.
  struct Offered: Sendable, Hashable {
    var offer: FirmwareOffer
    var objection: String?
  }

  /// After so many fruitless attempts at a download, an older version may take its place.
  static let stalledAttempts = 3

  /// The settings; the lowest security epoch rises with confirmed images.
  package private(set) var policy: UpdatePolicy
  /// The boot record as it is to be saved.
  package internal(set) var record: BootRecord
  /// What the device is at now.
  package internal(set) var phase: Phase
  /// The newest version offered while another one could not be interrupted.
  var next: Offered?
  /// The active app ran to its end and is not to be started again by this run of the agent.
  var isActiveFinished = false
  /// The active slot's app was launched by this run of the agent.
  var isActiveLaunched = false
  /// For how long no app handled events when one last took over from another; nil: none did since the agent started.
  var switchGapNanoseconds: UInt64?

  package init(record: BootRecord, policy: UpdatePolicy = UpdatePolicy()) {
    self.policy = policy
    self.record = record
    phase =
      switch record.failed?.kind {
      case .rolledBack: .rolledBack
      case .refused: .idle
      case nil: record.active == nil ? .idle : .confirmed
      }
  }

  /// Raises the lowest epoch to that of a confirmed image: whoever has the app with a repair must not get the one
  /// without it again.
  mutating func raiseSecurityEpoch() -> [Action] {
    guard policy.raisesSecurityEpoch, let active = record.active, record[active].state == .confirmed,
      record[active].securityEpoch > policy.lowestSecurityEpoch
    else { return [] }
    policy.lowestSecurityEpoch = record[active].securityEpoch
    return [.raiseSecurityEpoch(to: policy.lowestSecurityEpoch)]
  }

  /// Takes an event, and says what is to be done about it.
  package mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .started(let pending, let boot): start(pending, boot)
    case .stopping: noteCleanStop()
    case .notified(let notification): consider(notification)
    case .offered(let offer, let objection): consider(Offered(offer: offer, objection: objection))
    case .downloadAttemptFailed(let version): noteFailedAttempt(version)
    case .downloaded(let version, let securityEpoch): beginStaging(version, securityEpoch)
    case .downloadRefused(let version, let reason): refuse(version, reason, in: .downloading)
    case .stagingFailed(let version, let reason): stageAgain(version, reason)
    case .stagingRefused(let version, let reason): refuse(version, reason, in: .staging)
    case .staged(let version): launchStaged(version)
    case .appStarted(let slot): switchOver(to: slot)
    case .appActivated(let slot, let gap): beginTrial(slot, gap)
    case .healthConfirmed(let slot): noteHealth(of: slot)
    case .trialElapsed(let version): endTrialInTime(version)
    case .appFinished(let slot): finish(slot)
    case .appFailed(let slot, let reason): fail(slot, reason)
    case .imageDamaged(let slot, let reason): loseImage(slot, reason)
    case .relaunchDue(let slot): relaunch(slot)
    case .epochChosen(let epoch): keep(epoch: epoch)
    }
  }
}

extension UpdateMachine.Phase {
  /// Whether no version is on its way.
  package var isResting: Bool {
    switch self {
    case .idle, .confirmed, .rolledBack: true
    case .downloading, .verified, .staged, .trial: false
    }
  }

  /// The phase's name for people; programs can rely on it, too.
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
