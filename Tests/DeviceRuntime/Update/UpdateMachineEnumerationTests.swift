import FirmwareImage
import Testing

@testable import DeviceRuntimeCore

/// Every order of events over three versions, as far as it leads to new states: what must hold holds in all of them.
@Suite struct UpdateMachineEnumerationTests {
  @Test func everyReachableStateKeepsThePromises() {
    var seen: Set<UpdateMachine> = []
    var frontier = [UpdateMachine(record: BootRecord())]
    seen.insert(frontier[0])
    var transitions = 0
    while let machine = frontier.popLast() {
      for event in Self.events {
        var next = machine
        let actions = next.handle(event)
        transitions += 1
        if let promise = Self.brokenPromise(machine, event, actions, next) {
          Issue.record("\(promise): \(event) in \(machine) gave \(actions) and \(next)")
          return
        }
        next.record.bootCount = 0
        if seen.insert(next).inserted { frontier.append(next) }
      }
    }
    // Guards against a machine that does nothing at all.
    #expect(seen.count > 300)
    #expect(transitions == seen.count * Self.events.count)
    for phase in ["idle", "downloading", "verified", "staged", "trial", "confirmed", "rolled-back"] {
      #expect(seen.contains { $0.phase.name == phase }, "no way leads to \(phase)")
    }
    #expect(seen.contains { $0.record.highestConfirmedVersion == 3 && $0.phase == .confirmed })
  }

  @Test func aMachineMadeFromTheSavedRecordGoesOn() {
    var seen: Set<UpdateMachine> = [UpdateMachine(record: BootRecord())]
    var frontier = Array(seen)
    var restarts = 0
    while let machine = frontier.popLast() {
      for event in Self.events {
        var next = machine
        let actions = next.handle(event)
        next.record.bootCount = 0
        if seen.insert(next).inserted { frontier.append(next) }
        guard actions.contains(.saveRecord) else { continue }
        // The power fails right after the record was saved.
        var restarted = UpdateMachine(record: next.record)
        let first = restarted.handle(.started(pending: nil))
        restarts += 1
        let trial = Slot.allCases.first { $0 != next.record.active && next.record[$0].state == .staged }
        let launches = first.compactMap { if case .launch(let slot) = $0 { slot } else { nil } }
        if let trial, next.record[trial].trialStarts < UpdateMachine.maximumTrialStarts {
          let isCounted = restarted.record[trial].trialStarts == next.record[trial].trialStarts + 1
          let order = first.filter { $0 == .saveRecord || $0 == .launch(trial) }
          if launches != [trial] || !isCounted || order != [.saveRecord, .launch(trial)] {
            Issue.record("the trial does not go on, counted first: \(first) from \(next.record)")
            return
          }
        } else if launches != (next.record.active.map { [$0] } ?? []) || !first.contains(.report) {
          Issue.record("what was kept does not run: \(first) from \(next.record)")
          return
        }
      }
    }
    #expect(restarts > 100)
  }

  static let notifications = (1...3).map { version in
    FirmwareNotification(
      version: UInt64(version), digest: digest(UInt8(version)), sizeBytes: 1000 + UInt64(version), url: "http://x/")
  }

  static func digest(_ byte: UInt8) -> SHA256Digest { SHA256Digest(bytes: [UInt8](repeating: byte, count: 32))! }

  static let events: [UpdateMachine.Event] =
    [.started(pending: nil), .started(pending: notifications[1])]
    + notifications.flatMap { notification -> [UpdateMachine.Event] in
      let version = notification.version
      return [
        .notified(notification), .downloadAttemptFailed(version: version), .downloaded(version: version),
        .downloadRefused(version: version, reason: "r"), .staged(version: version),
        .stagingFailed(version: version, reason: "r"), .trialElapsed(version: version),
      ]
    }
    + Slot.allCases.flatMap { slot -> [UpdateMachine.Event] in
      [
        .appStarted(slot), .healthConfirmed(slot), .appFinished(slot), .appFailed(slot, reason: "r"),
        .imageDamaged(slot, reason: "r"), .relaunchDue(slot),
      ]
    }

  /// - Returns: the promise that is broken; nil if none is.
  static func brokenPromise(
    _ before: UpdateMachine, _ event: UpdateMachine.Event, _ actions: [UpdateMachine.Action], _ after: UpdateMachine
  ) -> String? {
    if after.record.highestConfirmedVersion < before.record.highestConfirmedVersion { return "anti-rollback" }
    var (old, new) = (before.record, after.record)
    (old.bootCount, new.bootCount) = (0, 0)
    if old != new, !actions.contains(.saveRecord) { return "what the record says changes only together with a save" }
    if before.record.active != after.record.active {
      var isLoss = false
      if case .imageDamaged = event { isLoss = true }
      let isConfirmed = after.record.active.map { after.record[$0].state == .confirmed } ?? false
      if !isLoss, !isConfirmed { return "the active slot changes only from a trial, or away from a lost image" }
    }
    if let failed = before.record.failed,
      (after.record.failed?.version ?? after.record.highestConfirmedVersion) < failed.version
    {
      return "a version that failed stays known until a newer one is confirmed"
    }
    if case .trial(let slot) = after.phase, after.record[slot].state != .staged { return "a trial is of a staged slot" }
    return brokenPromise(of: actions, after)
  }

  private static func brokenPromise(of actions: [UpdateMachine.Action], _ after: UpdateMachine) -> String? {
    var downloads = 0
    for (index, action) in actions.enumerated() {
      switch action {
      case .startDownload(let notification, let slot):
        downloads += 1
        if slot == after.record.active { return "the active slot is never written to" }
        if notification.version < after.record.highestConfirmedVersion { return "no download of an old version" }
        if notification.version <= after.record.failed?.version ?? 0 { return "no second try of what failed" }
        guard case .downloading(notification, _) = after.phase else { return "a download has its phase" }
      case .stage(_, let slot):
        if slot == after.record.active { return "the active slot is never staged" }
      case .launch(let slot) where after.record[slot].state == .staged:
        if !actions[..<index].contains(.saveRecord) { return "a trial is counted before it starts" }
      default: break
      }
    }
    return downloads > 1 ? "at most one download" : nil
  }
}
