/// Starts and ends of the agent itself.
extension UpdateMachine {
  mutating func start(_ pending: FirmwareOffer?, _ boot: BootID) -> [Action] {
    let trial = Slot.allCases.first { $0 != record.active && record[$0].state == .staged }
    // The last run of the agent ended during this trial.
    if let trial, !record.isStoppedCleanly { countInterruption(of: trial, isPowerCut: boot != record.boot) }
    record.bootCount &+= 1
    record.boot = boot
    record.isStoppedCleanly = false
    var actions: [Action] = []
    if let trial {
      if let reason = reasonToGiveUp(record[trial]) {
        actions += rollBack(trial, reason)
      } else {
        phase = .staged(trial, isHealthy: false, isStarted: false)
        actions += [.saveRecord, .launch(trial)]
      }
    } else {
      forgetLostActive()
      actions.append(.saveRecord)
      if let active = record.active {
        isActiveLaunched = true
        actions += raiseSecurityEpoch() + [.launch(active)]
      }
    }
    actions.append(.report)
    if let pending {
      actions += consider(Offered(offer: pending))
      if case .downloading = phase {} else { actions.append(.discardDownload) }
    }
    return actions
  }

  private mutating func countInterruption(of slot: Slot, isPowerCut: Bool) {
    if isPowerCut {
      if record[slot].powerCuts < .max { record[slot].powerCuts += 1 }
    } else {
      if record[slot].agentDeaths < .max { record[slot].agentDeaths += 1 }
    }
  }

  private func reasonToGiveUp(_ slot: SlotRecord) -> String? {
    if slot.agentDeaths > policy.survivedAgentDeaths {
      return "the agent died \(Self.times(slot.agentDeaths)) in the trial"
    }
    if slot.powerCuts > policy.survivedPowerCuts {
      return "the power failed \(Self.times(slot.powerCuts)) in the trial"
    }
    return objection(toSecurityEpoch: slot.securityEpoch)
  }

  private static func times(_ count: UInt8) -> String { count == 1 ? "once" : "\(count) times" }

  /// Why this device never takes images of that security epoch.
  ///
  /// - Returns: nil if it does.
  func objection(toSecurityEpoch epoch: UInt32) -> String? {
    guard epoch < policy.lowestSecurityEpoch else { return nil }
    return "its security epoch is \(epoch); this device takes \(policy.lowestSecurityEpoch) or higher"
  }

  mutating func keep(epoch: UInt64) -> [Action] {
    record.epoch = epoch
    return [.saveRecord]
  }

  /// Notes that a trial is interrupted on purpose, which says nothing against the app.
  mutating func noteCleanStop() -> [Action] {
    switch phase {
    case .staged, .trial:
      record.isStoppedCleanly = true
      return [.saveRecord]
    case .idle, .downloading, .verified, .confirmed, .rolledBack:
      return []
    }
  }
}
