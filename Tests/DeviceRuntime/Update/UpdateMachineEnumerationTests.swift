import FirmwareImage
import Testing

@testable import DeviceRuntimeCore

/// Every order of events over three versions, as far as it leads to new states: what must hold holds in all of them.
@Suite struct UpdateMachineEnumerationTests {
  @Test func everyReachableStateKeepsThePromises() throws {
    var seen: Set<UpdateMachine> = []
    var frontier = [UpdateMachine(record: BootRecord())]
    seen.insert(frontier[0])
    var transitions = 0
    while let machine = frontier.popLast() {
      for event in Self.events {
        var next = machine
        let actions = next.handle(event)
        transitions += 1
        try Self.check(machine, event, actions, next)
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

  @Test func aMachineMadeFromTheSavedRecordGoesOn() throws {
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
          #expect(launches == [trial])
          #expect(restarted.record[trial].trialStarts == next.record[trial].trialStarts + 1)
          let save = try #require(first.firstIndex(of: .saveRecord))
          #expect(
            save < first.firstIndex(of: .launch(trial))!, "a start that is not counted could be repeated for ever")
        } else {
          #expect(launches == (next.record.active.map { [$0] } ?? []))
        }
        #expect(first.contains(.report))
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

  static func check(
    _ before: UpdateMachine, _ event: UpdateMachine.Event, _ actions: [UpdateMachine.Action], _ after: UpdateMachine
  ) throws {
    let context = Comment(rawValue: "\(event) in \(before) gave \(actions) and \(after)")
    // Anti-rollback.
    #expect(after.record.highestConfirmedVersion >= before.record.highestConfirmedVersion, context)
    // What the record says changes only together with a save.
    var (old, new) = (before.record, after.record)
    (old.bootCount, new.bootCount) = (0, 0)
    if old != new { #expect(actions.contains(.saveRecord), context) }
    // Success is what ran: the active slot changes only from a trial, or away from a lost image.
    if before.record.active != after.record.active {
      switch event {
      case .imageDamaged: break
      default: #expect(after.record.active.map { after.record[$0].state == .confirmed } ?? false, context)
      }
    }
    for (index, action) in actions.enumerated() {
      switch action {
      case .startDownload(let notification, let slot):
        #expect(slot != after.record.active, context)
        #expect(notification.version >= after.record.highestConfirmedVersion, context)
        #expect(notification.version > after.record.failed?.version ?? 0, context)
        // A slot whose app is on trial must not be written to.
        if case .trial(slot) = after.phase { Issue.record(context) }
        if case .staged(slot, _) = after.phase { Issue.record(context) }
      case .stage(_, let slot):
        #expect(slot != after.record.active, context)
      case .launch(let slot) where after.record[slot].state == .staged:
        #expect(actions[..<index].contains(.saveRecord), context)
      default: break
      }
    }
    // At any time at most one download, and it has a phase.
    #expect(actions.filter { if case .startDownload = $0 { true } else { false } }.count <= 1, context)
    if case .downloading = after.phase {
    } else {
      #expect(!actions.contains { if case .startDownload = $0 { true } else { false } }, context)
    }
    // A version that failed stays known until a newer one is confirmed.
    if let failed = before.record.failed {
      #expect(
        (after.record.failed?.version ?? after.record.highestConfirmedVersion) >= min(failed.version, 3), context)
    }
    if case .trial(let slot) = after.phase { #expect(after.record[slot].state == .staged, context) }
  }
}
