/// From bytes in a slot to an app that is kept or given up.
extension UpdateMachine {
  mutating func beginTrial(_ version: UInt64) -> [Action] {
    guard case .verified(let current) = phase, current.version == version else { return [] }
    let slot = record.spare
    record[slot] = SlotRecord(
      state: .staged, version: version, digest: current.digest, sizeBytes: current.sizeBytes, trialStarts: 1)
    phase = .staged(slot, isHealthy: false)
    return [.saveRecord, .discardDownload, .launch(slot)]
  }

  mutating func switchOver(to slot: Slot) -> [Action] {
    guard case .staged(slot, let isHealthy) = phase else { return [] }
    phase = .trial(slot)
    let version = record[slot].version
    var actions: [Action] = []
    if let active = record.active, isActiveLaunched {
      actions.append(.stop(active))
      isActiveLaunched = false
    }
    actions.append(.note(.trial(version: version)))
    if isHealthy { return actions + confirm(slot) }
    return actions + [.startTrialTimer(version: version), .report]
  }

  mutating func noteHealth(of slot: Slot) -> [Action] {
    switch phase {
    case .staged(slot, _):
      // Said while it initialises; it still has to come up.
      phase = .staged(slot, isHealthy: true)
      return []
    case .trial(slot):
      return confirm(slot)
    default:
      return []
    }
  }

  mutating func endTrialInTime(_ version: UInt64) -> [Action] {
    guard case .trial(let slot) = phase, record[slot].version == version else { return [] }
    return confirm(slot)
  }

  mutating func confirm(_ slot: Slot) -> [Action] {
    record.active = slot
    record[slot].state = .confirmed
    record[slot].trialStarts = 0
    record.highestConfirmedVersion = max(record.highestConfirmedVersion, record[slot].version)
    record.failed = nil
    phase = .confirmed
    isActiveLaunched = true
    isActiveFinished = false
    return [.stopTrialTimer, .saveRecord, .report, .note(.confirmed(version: record[slot].version))] + takeNext()
  }

  mutating func rollBack(_ slot: Slot, _ reason: String) -> [Action] {
    let failed = record[slot]
    if let digest = failed.digest {
      record.failed = FailedVersion(.rolledBack, version: failed.version, digest: digest, reason: reason)
    }
    record[slot].state = .failed
    phase = .rolledBack
    var actions: [Action] = [.stopTrialTimer, .saveRecord]
    if let active = record.active, !isActiveLaunched, !isActiveFinished {
      isActiveLaunched = true
      actions.append(.launch(active))
    }
    actions += [.report, .note(.rolledBack(version: failed.version, reason: reason))]
    return actions + takeNext()
  }
}
