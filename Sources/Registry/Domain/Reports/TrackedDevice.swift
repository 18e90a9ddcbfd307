package import FoundationEssentials

/// What reports change of a device, apart from the database so that every case can be tested: how far its reports
/// have got (`position`), when it was last heard of (`lastSeen`) and what it said last (`reported`); both nil if it
/// never was.
package struct TrackedDevice: Sendable, Equatable {
  package var position: ReportPosition
  package var lastSeen: Date?
  /// Until when the device counts as online without another word; nil once it is known to be offline.
  package var onlineUntil: Date?
  package var reported: ReportedState?

  package init(position: ReportPosition, lastSeen: Date?, onlineUntil: Date?, reported: ReportedState?) {
    self.position = position
    self.lastSeen = lastSeen
    self.onlineUntil = onlineUntil
    self.reported = reported
  }

  /// What a report can change.
  package enum Change: Sendable, Equatable {
    case stateReported
    /// What it waits for is another thing now. Worth no event: a device says so as often as it tries.
    case waitsForOther
    case cameOnline
    case wentOffline
  }

  /// Applies a report. A state that is stale shows that the device is there, all the same.
  ///
  /// - Parameter onlineWindow: for how long a word of the device counts, in seconds.
  /// - Returns: the verdict, and what changed. A repeated state changes nothing.
  package mutating func take(
    _ content: ReceivedReport.Content, now: Date, onlineWindow: TimeInterval
  ) -> (verdict: ReportVerdict, changes: [Change]) {
    switch content {
    case .presence(let online):
      return (.stored, online ? heard(now, onlineWindow) : lost())
    case .polled(let state):
      guard position == ReportPosition(sequence: 0) else { return (.stale(held: position), []) }
      return (.stored, heard(now, onlineWindow) + take(state, now: now))
    case .state(var state, let position, let supersedes):
      let changes = heard(now, onlineWindow)
      remember(&state)
      guard position.follows(self.position, supersedes: supersedes) else {
        let isKnown = position.isRepeat(of: self.position) && (reported?.says(state) ?? false)
        return (isKnown ? .repeated : .stale(held: self.position), changes)
      }
      // An older Notifier leaves the epoch out: what is known of it stays.
      self.position = ReportPosition(
        epoch: position.epoch == 0 ? self.position.epoch : position.epoch, sequence: position.sequence)
      return (.stored, changes + take(state, now: now))
    }
  }

  private mutating func take(_ stated: ReportedState, now: Date) -> [Change] {
    var state = stated
    remember(&state)
    defer { reported = state }
    if let reported, reported.says(state) {
      state.at = reported.at
      return state.waiting == reported.waiting ? [] : [.waitsForOther]
    }
    state.at = now
    return [.stateReported]
  }

  /// A device that restarted may not mention again what it rolled back, nor how its last switch went. It must not be
  /// sent that version again for it, and the operator still wants to know why.
  private func remember(_ state: inout ReportedState) {
    guard let reported else { return }
    if state.failed == nil, reported.failed != state.running { state.failed = reported.failed }
    if state.failed != nil, state.failed == reported.failed, state.failedReason.isEmpty {
      state.failedReason = reported.failedReason
    }
    if state.switchGapNanoseconds == 0, state.running == reported.running {
      state.switchGapNanoseconds = reported.switchGapNanoseconds
    }
  }

  private mutating func heard(_ now: Date, _ onlineWindow: TimeInterval) -> [Change] {
    let wasOnline = onlineUntil.map { $0 > now } ?? false
    lastSeen = now
    onlineUntil = now.addingTimeInterval(onlineWindow)
    return wasOnline ? [] : [.cameOnline]
  }

  private mutating func lost() -> [Change] {
    defer { onlineUntil = nil }
    return onlineUntil == nil ? [] : [.wentOffline]
  }
}
