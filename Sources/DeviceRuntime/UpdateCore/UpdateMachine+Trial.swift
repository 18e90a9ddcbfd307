/// From bytes in a slot to an app that is kept or given up.
extension UpdateMachine {
  mutating func launchStaged(_ version: UInt64) -> [Action] {
    guard case .verified(let current, let epoch) = phase, current.version == version else { return [] }
    let slot = record.spare
    record[slot] = SlotRecord(
      state: .staged, version: version, digest: current.digest, sizeBytes: current.sizeBytes, securityEpoch: epoch)
    phase = .staged(slot, isHealthy: false, isStarted: false)
    return [.saveRecord, .discardDownload, .launch(slot)]
  }

  /// Has the started app take over. Also the active app when it was launched again: every app waits for its
  /// activation.
  mutating func switchOver(to slot: Slot) -> [Action] {
    if case .staged(slot, let isHealthy, isStarted: false) = phase {
      phase = .staged(slot, isHealthy: isHealthy, isStarted: true)
      let old = isActiveLaunched ? record.active : nil
      isActiveLaunched = false
      return [.switchOver(from: old, to: slot)]
    }
    return slot == record.active && isActiveLaunched ? [.switchOver(from: nil, to: slot)] : []
  }

  mutating func beginTrial(_ slot: Slot, _ gapNanoseconds: UInt64?) -> [Action] {
    let version = record[slot].version
    var actions: [Action] = []
    if let gapNanoseconds { actions.append(.note(.switched(version: version, gapNanoseconds: gapNanoseconds))) }
    if case .staged(slot, let isHealthy, isStarted: true) = phase {
      switchGapNanoseconds = gapNanoseconds
      phase = .trial(slot)
      actions.append(.note(.trial(version: version)))
      return actions + (isHealthy ? confirm(slot) : [.startTrialTimer(version: version), .report])
    }
    guard let gapNanoseconds, slot == record.active, isActiveLaunched else { return [] }
    switchGapNanoseconds = gapNanoseconds
    return actions + [.report]
  }

  mutating func noteHealth(of slot: Slot) -> [Action] {
    switch phase {
    case .staged(slot, _, let isStarted):
      // Said while it initialises; it still has to take over.
      phase = .staged(slot, isHealthy: true, isStarted: isStarted)
      return []
    case .trial(slot):
      return confirm(slot)
    default:
      return []
    }
  }

  mutating func endTrialInTime(_ version: UInt64) -> [Action] {
    guard case .trial(let slot) = phase, record[slot].version == version else { return [] }
    switch policy.unconfirmed {
    case .confirm: return confirm(slot)
    case .rollBack: return rollBack(slot, "did not confirm its health in time")
    }
  }

  mutating func confirm(_ slot: Slot) -> [Action] {
    record.active = slot
    record[slot].state = .confirmed
    record[slot].agentDeaths = 0
    record[slot].powerCuts = 0
    record.highestConfirmedVersion = max(record.highestConfirmedVersion, record[slot].version)
    record.failed = nil
    phase = .confirmed
    isActiveLaunched = true
    isActiveFinished = false
    // The fuses after the record: should the power fail between them, the next start finds what is missing.
    return [.stopTrialTimer, .saveRecord] + raiseSecurityEpoch()
      + [.report, .note(.confirmed(version: record[slot].version))] + takeNext()
  }

  mutating func rollBack(_ slot: Slot, _ reason: String) -> [Action] {
    let failed = record[slot]
    if let digest = failed.digest {
      record.failed = FailedVersion(
        .rolledBack, version: failed.version, digest: digest, reason: reason, isSigned: policy.versionsAreSigned)
    }
    record[slot].state = .failed
    phase = .rolledBack
    forgetLostActive()
    var actions: [Action] = [.stopTrialTimer, .saveRecord, .stop(slot)]
    if let active = record.active, !isActiveLaunched, !isActiveFinished {
      isActiveLaunched = true
      actions.append(.launch(active))
    }
    actions += [.report, .note(.rolledBack(version: failed.version, reason: reason))]
    return actions + takeNext()
  }
}
