/// Starts, ends and failures of apps.
extension UpdateMachine {
  mutating func start(_ pending: FirmwareNotification?) -> [Action] {
    record.bootCount &+= 1
    var actions: [Action] = []
    if let slot = Slot.allCases.first(where: { $0 != record.active && record[$0].state == .staged }) {
      // The last run of the agent ended during this trial.
      if record[slot].trialStarts < Self.maximumTrialStarts {
        record[slot].trialStarts += 1
        phase = .staged(slot, isHealthy: false)
        actions += [.saveRecord, .launch(slot)]
      } else {
        actions += rollBack(
          slot, "the device started \(record[slot].trialStarts) times before this version was confirmed")
      }
    } else {
      actions.append(.saveRecord)
      if let active = record.active {
        isActiveLaunched = true
        actions.append(.launch(active))
      }
    }
    actions.append(.report)
    if let pending {
      let taken = consider(pending)
      actions += taken
      if case .downloading = phase {} else { actions.append(.discardDownload) }
    }
    return actions
  }

  mutating func finish(_ slot: Slot) -> [Action] {
    var actions: [Action] = []
    // One that ended before it said that it had started ran to its end all the same.
    if case .staged(slot, _) = phase { actions += switchOver(to: slot) }
    if case .trial(slot) = phase { actions += confirm(slot) }
    guard slot == record.active, isActiveLaunched else { return actions }
    isActiveFinished = true
    isActiveLaunched = false
    return actions + [.note(.appFinished(version: record[slot].version))]
  }

  mutating func fail(_ slot: Slot, _ reason: String) -> [Action] {
    switch phase {
    case .trial(slot), .staged(slot, _):
      return rollBack(slot, reason)
    default:
      guard slot == record.active, isActiveLaunched else { return [] }
      return [.note(.appFailed(version: record[slot].version, reason: reason)), .relaunchLater(slot)]
    }
  }

  mutating func relaunch(_ slot: Slot) -> [Action] {
    guard slot == record.active, isActiveLaunched else { return [] }
    return [.launch(slot)]
  }

  mutating func loseImage(_ slot: Slot, _ reason: String) -> [Action] {
    switch phase {
    case .trial(slot), .staged(slot, _):
      return rollBack(slot, reason)
    default:
      guard slot == record.active else { return [] }
    }
    let lost = record[slot].version
    record[slot] = .empty
    isActiveLaunched = false
    isActiveFinished = false
    var actions: [Action] = []
    // The version before it still worked when it was replaced. While another version is on its way to that slot, it
    // can't be used.
    if phase.isResting, record[slot.other].state == .confirmed {
      record.active = slot.other
      isActiveLaunched = true
      actions = [.saveRecord, .launch(slot.other)]
    } else if phase.isResting {
      record.active = nil
      actions = [.saveRecord]
    } else {
      actions = [.saveRecord]
    }
    return actions + [.report, .note(.imageDamaged(version: lost, reason: reason))]
  }
}
