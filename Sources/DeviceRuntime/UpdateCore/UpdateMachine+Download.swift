import Foundations

/// From a notification to bytes in a slot.
extension UpdateMachine {
  enum RefusalStage { case downloading, staging }

  /// An unsigned message changes nothing by itself: where it may matter, somebody looks whether it is so.
  func consider(_ hint: FirmwareNotification) -> [Action] {
    guard isWanted(hint.version, hint.digest) else {
      // What failed is told again: whoever asks for it once more has not heard.
      let isFailed = record.failed.map { $0.version == hint.version } ?? false
      let runs = record.active.map { record[$0].version == hint.version } ?? false
      return isFailed ? [.report] : runs ? [] : [.note(.ignored(version: hint.version))]
    }
    var isRepeat = false
    if case .downloading(let current, _) = phase {
      isRepeat = current.digest == hint.digest && current.sizeBytes == hint.sizeBytes && current.url == hint.url
    }
    return isTimely(hint.version, isRepeat: isRepeat) ? [.check(hint)] : []
  }

  mutating func consider(_ new: Offered) -> [Action] {
    let offer = new.offer
    guard isWanted(offer.version, offer.digest) else { return [] }
    var isRepeat = false
    if case .downloading(offer, _) = phase { isRepeat = true }
    guard isTimely(offer.version, isRepeat: isRepeat) else { return [] }
    switch phase {
    case .idle, .confirmed, .rolledBack, .downloading: return take(new)
    case .verified, .staged, .trial:
      next = new
      return []
    }
  }

  /// Whether the version may be taken: none below the highest confirmed one (anti-rollback), and none that failed
  /// before. The highest confirmed version itself is wanted again only where its image was lost.
  private func isWanted(_ version: UInt64, _ digest: SHA256Digest) -> Bool {
    guard version > 0, !hasFailed(version, digest) else { return false }
    if version == record.highestConfirmedVersion {
      return !(record.active.map { record[$0].version == version } ?? false)
    }
    return version > record.highestConfirmedVersion
  }

  /// Whether a failure speaks against the version. A signed version that failed was meant for this device, so those
  /// below it come too late. One that nobody signed says nothing of any other.
  private func hasFailed(_ version: UInt64, _ digest: SHA256Digest) -> Bool {
    guard let failed = record.failed else { return false }
    return failed.isSigned ? version <= failed.version : version == failed.version && digest == failed.digest
  }

  /// Whether taking the version up would change anything now.
  private func isTimely(_ version: UInt64, isRepeat: Bool) -> Bool {
    switch phase {
    case .idle, .confirmed, .rolledBack: return true
    case .downloading(let current, let failedAttempts):
      let isStalled = failedAttempts >= Self.stalledAttempts
      // Where bytes or URL differ, the earlier word was wrong or this one is; the servers will tell, if the earlier
      // one can't be had.
      if version == current.version { return !isRepeat && isStalled }
      // Versions only grow, so an older one is late, unless the newer one is nowhere to be had.
      return version > current.version || isStalled
    case .verified(let current, _): return version > max(current.version, next?.offer.version ?? 0)
    case .staged(let slot, _, _), .trial(let slot):
      return version > max(record[slot].version, next?.offer.version ?? 0)
    }
  }

  private mutating func take(_ new: Offered) -> [Action] {
    phase = .downloading(new.offer, failedAttempts: 0)
    if let objection = new.objection { return refuse(new.offer.version, objection, in: .downloading) }
    return [.startDownload(new.offer, into: record.spare), .note(.downloading(version: new.offer.version))]
  }

  /// Takes up what was offered meanwhile, if it still counts.
  mutating func takeNext() -> [Action] {
    guard let offered = next else { return [] }
    next = nil
    return isWanted(offered.offer.version, offered.offer.digest) ? take(offered) : []
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

  /// Fetches again what the flash did not keep: after a failed sync nobody knows which bytes are there.
  mutating func stageAgain(_ version: UInt64, _ reason: String) -> [Action] {
    guard case .verified(let current, _) = phase, current.version == version else { return [] }
    let failure = Action.note(.stagingFailed(version: version, reason: reason))
    let newer = takeNext()
    guard newer.isEmpty else { return [failure] + newer }
    phase = .downloading(current, failedAttempts: 1)
    return [failure, .startDownload(current, into: record.spare)]
  }

  mutating func refuse(_ version: UInt64, _ reason: String, in stage: RefusalStage) -> [Action] {
    let current: FirmwareOffer
    switch (phase, stage) {
    case (.downloading(let offer, _), .downloading), (.verified(let offer, _), .staging):
      current = offer
    default:
      return []
    }
    guard current.version == version else { return [] }
    // The version before the kept one stays in the other slot: a refused one is beside it, not in it.
    record.failed = FailedVersion(
      .refused, version: version, digest: current.digest, reason: reason, isSigned: policy.versionsAreSigned)
    phase = .idle
    forgetLostActive()
    return [.saveRecord, .discardDownload, .report, .note(.refused(version: version, reason: reason))] + takeNext()
  }
}
