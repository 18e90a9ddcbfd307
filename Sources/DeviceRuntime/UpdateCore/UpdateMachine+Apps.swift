/// Ends and failures of apps.
extension UpdateMachine {
  mutating func finish(_ slot: Slot) -> [Action] {
    var actions: [Action] = []
    switch phase {
    case .staged(slot, let isHealthy, _):
      // One that ended before it said that it had started ran to its end all the same.
      guard isHealthy || policy.unconfirmed == .confirm else { return rollBack(slot, Self.endedUnconfirmed) }
      if let active = record.active, isActiveLaunched { actions.append(.stop(active)) }
      actions += confirm(slot)
    case .trial(slot):
      guard policy.unconfirmed == .confirm else { return rollBack(slot, Self.endedUnconfirmed) }
      actions += confirm(slot)
    default: break
    }
    guard slot == record.active, isActiveLaunched else { return actions }
    isActiveFinished = true
    isActiveLaunched = false
    return actions + [.note(.appFinished(version: record[slot].version))]
  }

  private static let endedUnconfirmed = "ended before it confirmed its health"

  mutating func fail(_ slot: Slot, _ reason: String) -> [Action] {
    switch phase {
    case .trial(slot), .staged(slot, _, _):
      return rollBack(slot, reason)
    default:
      guard slot == record.active, isActiveLaunched else { return [] }
      return [.note(.appFailed(version: record[slot].version, reason: reason)), .relaunchLater(slot)]
    }
  }

  mutating func relaunch(_ slot: Slot) -> [Action] {
    // A staged one's image could not be read.
    if case .staged(slot, _, isStarted: false) = phase { return [.launch(slot)] }
    return slot == record.active && isActiveLaunched ? [.launch(slot)] : []
  }

  mutating func loseImage(_ slot: Slot, _ reason: String) -> [Action] {
    switch phase {
    case .trial(slot), .staged(slot, _, _):
      return rollBack(slot, reason)
    default:
      guard slot == record.active else { return [] }
    }
    let lost = record[slot].version
    record[slot] = .empty
    isActiveLaunched = false
    isActiveFinished = false
    // While another version is on its way to the other slot, what was there can't be used.
    guard phase.isResting else { return [.saveRecord, .report, .note(.imageDamaged(version: lost, reason: reason))] }
    forgetLostActive()
    var actions: [Action] = [.saveRecord]
    if let active = record.active {
      isActiveLaunched = true
      actions.append(.launch(active))
    }
    return actions + [.report, .note(.imageDamaged(version: lost, reason: reason))]
  }

  /// Where the image of the kept app is lost, keeps the version before it, which still worked when it was replaced; if
  /// that is lost too, no app is kept.
  mutating func forgetLostActive() {
    guard let active = record.active, record[active].state == .empty else { return }
    let before = record[active.other]
    let isUsable = before.state == .confirmed && objection(toSecurityEpoch: before.securityEpoch) == nil
    record.active = isUsable ? active.other : nil
  }
}
