/// From a notification to bytes in a slot.
extension UpdateMachine {
  enum RefusalStage { case downloading, staging }

  mutating func consider(_ new: FirmwareNotification) -> [Action] {
    guard isWanted(new) else {
      // What failed is told again: whoever asks for it once more has not heard.
      let isFailed = record.failed.map { $0.version == new.version } ?? false
      let runs = record.active.map { record[$0].version == new.version } ?? false
      return isFailed ? [.report] : runs ? [] : [.note(.ignored(version: new.version))]
    }
    switch phase {
    case .idle, .confirmed, .rolledBack:
      return startDownload(new)
    case .downloading(let current, let failedAttempts):
      if new.version == current.version {
        // Usually a repeat. Where bytes or URL differ, the earlier word was wrong or this one is; the servers will
        // tell, if the earlier one can't be had.
        return new != current && failedAttempts >= Self.stalledAttempts ? startDownload(new) : []
      }
      // Versions only grow, so an older one is late, unless the newer one is nowhere to be had: then it may never
      // have been meant.
      let isNewer = new.version > current.version
      return isNewer || failedAttempts >= Self.stalledAttempts ? startDownload(new) : []
    case .verified(let current, _):
      remember(new, ifNewerThan: current.version)
      return []
    case .staged(let slot, _, _), .trial(let slot):
      remember(new, ifNewerThan: record[slot].version)
      return []
    }
  }

  /// Anti-rollback, and no second try of what failed. The highest confirmed version itself is wanted again only where
  /// its image was lost.
  private func isWanted(_ new: FirmwareNotification) -> Bool {
    guard new.version > 0, new.version > record.failed?.version ?? 0 else { return false }
    if new.version == record.highestConfirmedVersion {
      return !(record.active.map { record[$0].version == new.version } ?? false)
    }
    return new.version > record.highestConfirmedVersion
  }

  private mutating func remember(_ new: FirmwareNotification, ifNewerThan version: UInt64) {
    if new.version > max(version, next?.version ?? 0) { next = new }
  }

  mutating func startDownload(_ notification: FirmwareNotification) -> [Action] {
    phase = .downloading(notification, failedAttempts: 0)
    return [
      .startDownload(notification, into: record.spare), .note(.downloading(version: notification.version)),
    ]
  }

  /// Takes up what was notified meanwhile, if it still counts.
  mutating func takeNext() -> [Action] {
    guard let notification = next else { return [] }
    next = nil
    return isWanted(notification) ? startDownload(notification) : []
  }

  mutating func noteFailedAttempt(_ version: UInt64) -> [Action] {
    if case .downloading(let current, let count) = phase, current.version == version {
      phase = .downloading(current, failedAttempts: min(count + 1, Self.stalledAttempts))
    }
    return []
  }

  mutating func beginStaging(_ version: UInt64, _ securityEpoch: UInt32) -> [Action] {
    guard case .downloading(let current, _) = phase, current.version == version else { return [] }
    if let objection = objection(toSecurityEpoch: securityEpoch) {
      return refuse(version, objection, in: .downloading)
    }
    phase = .verified(current, securityEpoch: securityEpoch)
    return [.note(.verified(version: version)), .stage(current, into: record.spare)]
  }

  /// What the flash did not keep is fetched again: after a failed sync nobody knows which bytes are there.
  mutating func stageAgain(_ version: UInt64, _ reason: String) -> [Action] {
    guard case .verified(let current, _) = phase, current.version == version else { return [] }
    let failure = Action.note(.stagingFailed(version: version, reason: reason))
    let newer = takeNext()
    guard newer.isEmpty else { return [failure] + newer }
    phase = .downloading(current, failedAttempts: 1)
    return [failure, .startDownload(current, into: record.spare)]
  }

  mutating func refuse(_ version: UInt64, _ reason: String, in stage: RefusalStage) -> [Action] {
    let current: FirmwareNotification
    switch (phase, stage) {
    case (.downloading(let notification, _), .downloading), (.verified(let notification, _), .staging):
      current = notification
    default:
      return []
    }
    guard current.version == version else { return [] }
    record.failed = FailedVersion(.refused, version: version, digest: current.digest, reason: reason)
    record[record.spare] = .empty
    phase = .idle
    forgetLostActive()
    return [.saveRecord, .discardDownload, .report, .note(.refused(version: version, reason: reason))] + takeNext()
  }
}
