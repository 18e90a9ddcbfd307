import FirmwareImage

@testable import UpdateCore

/// An update machine and what its actions have brought about.
struct UpdateWorld: Hashable {
  enum Step: Hashable {
    case event(UpdateMachine.Event)
    case agentDies
    case powerFails
    case agentStops
  }

  private static let boots = (1...2).map { BootID(bytes: [UInt8](repeating: $0, count: 16))! }

  var machine: UpdateMachine
  var running: Set<Slot> = []
  var relaunching: Set<Slot> = []
  /// An image that turned out to be damaged.
  var lost: Set<Slot> = []
  var download: FirmwareOffer?
  var staging: FirmwareOffer?
  var trialTimer: UInt64?
  /// What the fuses hold.
  var burntEpoch: UInt32

  init(policy: UpdatePolicy) {
    machine = UpdateMachine(record: BootRecord(), policy: policy)
    burntEpoch = policy.lowestSecurityEpoch
    machine.record.boot = Self.boots[0]
    _ = machine.handle(.started(pending: nil, boot: Self.boots[0]))
    machine.record.bootCount = 0
  }

  /// What can happen now.
  var steps: [Step] {
    var events: [UpdateMachine.Event] = UpdateMachineEnumerationTests.notifications.prefix(2).map { .offered($0) }
    if let version = download?.version {
      events += [
        .downloadAttemptFailed(version: version), .downloaded(version: version, securityEpoch: 0),
        .downloaded(version: version, securityEpoch: 1), .downloadRefused(version: version, reason: "r"),
      ]
    }
    if let version = staging?.version {
      events += [
        .staged(version: version), .stagingFailed(version: version, reason: "r"),
        .stagingRefused(version: version, reason: "r"),
      ]
    }
    if let trialTimer { events.append(.trialElapsed(version: trialTimer)) }
    for slot in Slot.allCases {
      if running.contains(slot) {
        events += [
          .appStarted(slot), .appActivated(slot, gapNanoseconds: 7), .healthConfirmed(slot), .appFinished(slot),
          .appFailed(slot, reason: "r"), .imageDamaged(slot, reason: "r"),
        ]
      }
      if relaunching.contains(slot) { events.append(.relaunchDue(slot)) }
    }
    // Answers to what was given up long ago.
    events += [.downloaded(version: 9), .staged(version: 9), .trialElapsed(version: 9)]
    return events.map { .event($0) } + [.agentDies, .powerFails, .agentStops]
  }

  /// - Returns: the world after it, and the promise that is broken, if one is.
  func taking(_ step: Step) -> (UpdateWorld, String?) {
    var next = self
    switch step {
    case .event(let event):
      next.note(event)
      let actions = next.machine.handle(event)
      let broken = next.perform(actions)
      return (next, broken ?? brokenPromise(event, actions, next))
    case .agentStops:
      let actions = next.machine.handle(.stopping)
      if let broken = next.perform(actions) ?? brokenPromise(.stopping, actions, next) { return (next, broken) }
      return next.restarting(isPowerCut: false)
    case .agentDies: return restarting(isPowerCut: false)
    case .powerFails: return restarting(isPowerCut: true)
    }
  }

  /// The agent starts from what the record says, and nothing else.
  func restarting(isPowerCut: Bool) -> (UpdateWorld, String?) {
    var policy = machine.policy
    policy.lowestSecurityEpoch = burntEpoch
    var next = UpdateWorld(policy: policy)
    let trial = Slot.allCases.first { $0 != machine.record.active && machine.record[$0].state == .staged }
    next.machine = UpdateMachine(record: machine.record, policy: policy)
    next.lost = lost
    let boot = machine.record.boot == Self.boots[0] ? Self.boots[isPowerCut ? 1 : 0] : Self.boots[isPowerCut ? 0 : 1]
    let event = UpdateMachine.Event.started(pending: download, boot: boot)
    let actions = next.machine.handle(event)
    next.machine.record.bootCount = 0
    if let broken = next.perform(actions) { return (next, broken) }
    if let trial, next.running == [trial] {
      let (old, new) = (machine.record[trial], next.machine.record[trial])
      let isCounted = old.agentDeaths + old.powerCuts + 1 == new.agentDeaths + new.powerCuts
      if isCounted == machine.record.isStoppedCleanly {
        return (next, "an interrupted trial counts, unless on purpose")
      }
      if actions.first != .saveRecord { return (next, "an interruption is counted before the next start") }
    } else if next.running != Set(next.machine.record.active.map { [$0] } ?? []) {
      return (next, "what was kept runs after a restart")
    }
    return (next, brokenPromise(event, actions, next))
  }

  /// What is over by happening.
  private mutating func note(_ event: UpdateMachine.Event) {
    switch event {
    case .downloaded(let version, _), .downloadRefused(let version, _):
      if version == download?.version { download = nil }
    case .staged(let version), .stagingFailed(let version, _), .stagingRefused(let version, _):
      if version == staging?.version { staging = nil }
    case .trialElapsed(let version):
      if version == trialTimer { trialTimer = nil }
    case .appFinished(let slot), .appFailed(let slot, _): remove(slot)
    case .imageDamaged(let slot, _):
      remove(slot)
      lost.insert(slot)
    case .relaunchDue(let slot): relaunching.remove(slot)
    default: break
    }
  }

  private mutating func remove(_ slot: Slot) {
    running.remove(slot)
    relaunching.remove(slot)
  }

  /// - Returns: the promise that is broken; nil if none is.
  private mutating func perform(_ actions: [UpdateMachine.Action]) -> String? {
    var isSaved = false
    for action in actions {
      switch action {
      case .saveRecord: isSaved = true
      case .startDownload(let notification, let slot):
        if slot == machine.record.active || running.contains(slot) { return "a slot in use is never written to" }
        if notification.version < machine.record.highestConfirmedVersion { return "no download of an old version" }
        if notification.version <= machine.record.failed?.version ?? 0 { return "no second try of what failed" }
        (download, staging) = (notification, nil)
      case .stage(let notification, let slot):
        if slot == machine.record.active || running.contains(slot) { return "a slot in use is never staged" }
        staging = notification
        lost.remove(slot)
      case .discardDownload: download = nil
      case .launch(let slot):
        if machine.record[slot].state == .staged, !isSaved, !machine.isAwaitingStart(of: slot) {
          return "a trial is on record before it starts"
        }
        if machine.record[slot].state == .failed || machine.record[slot].state == .empty { return "no start of no app" }
        if machine.record[slot].state == .staged,
          machine.record[slot].securityEpoch < machine.policy.lowestSecurityEpoch
        {
          return "no start below the lowest security epoch"
        }
        running.insert(slot)
      case .stop(let slot): remove(slot)
      case .switchOver(let old, let new):
        if let old { remove(old) }
        if !running.contains(new) { return "who takes over is there" }
      case .relaunchLater(let slot): relaunching.insert(slot)
      case .startTrialTimer(let version): trialTimer = version
      case .stopTrialTimer: trialTimer = nil
      case .raiseSecurityEpoch(let epoch):
        if machine.record.active.map({ machine.record[$0].securityEpoch }) != epoch {
          return "the epoch follows what was confirmed"
        }
        burntEpoch = max(burntEpoch, epoch)
      case .report, .note, .check: break
      }
    }
    return nil
  }

  private func brokenPromise(
    _ event: UpdateMachine.Event, _ actions: [UpdateMachine.Action], _ next: UpdateWorld
  ) -> String? {
    var (old, new) = (machine.record, next.machine.record)
    (old.bootCount, new.bootCount) = (0, 0)
    if new.highestConfirmedVersion < old.highestConfirmedVersion { return "versions only grow" }
    if old != new, !actions.contains(.saveRecord) { return "what the record says changes only together with a save" }
    if old.active != new.active {
      var isLoss = old.active.map { old[$0].state == .empty } ?? false
      if case .imageDamaged = event { isLoss = true }
      if !isLoss, new.active.map({ new[$0].state != .confirmed }) ?? true {
        return "the active slot changes only from a trial, or away from a lost image"
      }
    }
    if let failed = old.failed, (new.failed?.version ?? new.highestConfirmedVersion) < failed.version {
      return "a version that failed stays known until a newer one is confirmed"
    }
    if next.burntEpoch < burntEpoch { return "the lowest epoch only grows" }
    if next.machine.policy.raisesSecurityEpoch, next.burntEpoch != next.machine.policy.lowestSecurityEpoch {
      return "the machine knows what is burnt"
    }
    if case .trial(let slot) = next.machine.phase {
      if new[slot].state != .staged { return "a trial is of a staged slot" }
      if next.trialTimer == nil { return "a trial has its end" }
    }
    if case .confirmed = next.machine.phase, next.trialTimer != nil { return "no timer without a trial" }
    if case .downloading(let notification, _) = next.machine.phase, next.download != notification {
      return "a download has its job"
    }
    if case .verified = next.machine.phase, next.staging == nil { return "staging has its job" }
    if actions.filter({ if case .startDownload = $0 { true } else { false } }).count > 1 {
      return "at most one download"
    }
    return next.isWithoutApp ? "an app that was kept runs, unless another has taken over" : nil
  }

  /// There is a good app, and none runs or is about to.
  private var isWithoutApp: Bool {
    guard let active = machine.record.active, !lost.contains(active), !machine.isActiveFinished else { return false }
    return running.isEmpty && relaunching.isEmpty
  }
}

extension UpdateWorld {
  /// Cuts the power, and then everything goes well.
  ///
  /// - Returns: why the version is not confirmed in the end; nil if it is.
  func stuckOnTheWayTo(_ notification: FirmwareOffer) -> String? {
    var (world, broken) = restarting(isPowerCut: true)
    if let broken { return broken }
    for _ in 0..<40 {
      let record = world.machine.record
      if record.active.map({ record[$0].version == notification.version }) ?? false { return nil }
      guard let event = world.nextGoodEvent(notification) else { return "nothing goes on in \(world)" }
      (world, broken) = world.taking(.event(event))
      if let broken { return broken }
    }
    return "\(notification.version) is not confirmed, but \(world)"
  }

  private func nextGoodEvent(_ notification: FirmwareOffer) -> UpdateMachine.Event? {
    switch machine.phase {
    case .idle, .confirmed, .rolledBack: .offered(notification)
    case .downloading(let current, _) where current.version < notification.version: .offered(notification)
    case .downloading(let current, _): .downloaded(version: current.version, securityEpoch: 1)
    case .verified(let current, _): .staged(version: current.version)
    case .staged(let slot, _, isStarted: false): running.contains(slot) ? .appStarted(slot) : nil
    case .staged(let slot, _, isStarted: true): .appActivated(slot)
    case .trial(let slot): .healthConfirmed(slot)
    }
  }
}

extension UpdateMachine {
  /// Its launch may be tried again: it is on record already.
  fileprivate func isAwaitingStart(of slot: Slot) -> Bool {
    if case .staged(slot, _, isStarted: false) = phase { true } else { false }
  }
}
