package import FoundationEssentials

/// What reports change of a device, apart from the database so that every case can be tested.
package struct TrackedDevice: Sendable, Equatable {
  package var sequence: UInt64
  package var lastSeen: Date?
  /// Until when it counts as online without another word; nil once it is known to be offline.
  package var onlineUntil: Date?
  package var reported: ReportedState?

  package init(sequence: UInt64, lastSeen: Date?, onlineUntil: Date?, reported: ReportedState?) {
    self.sequence = sequence
    self.lastSeen = lastSeen
    self.onlineUntil = onlineUntil
    self.reported = reported
  }

  package enum Change: Sendable, Equatable {
    case stateReported
    case cameOnline
    case wentOffline
  }

  /// - Parameter onlineWindow: for how long a word of the device counts, in seconds.
  /// - Returns: the verdict, and what changed in a way that is worth an event. A repeated state is not.
  package mutating func take(
    _ content: DeviceReport.Content, now: Date, onlineWindow: TimeInterval
  ) -> (verdict: ReportVerdict, changes: [Change]) {
    switch content {
    case .presence(let online):
      return (.stored, online ? heard(now, onlineWindow) : lost(now))
    case .state(var state, let sequence):
      guard sequence > self.sequence else { return (.stale, []) }
      self.sequence = sequence
      var changes = heard(now, onlineWindow)
      remember(&state)
      if let reported, reported.says(state) {
        state.at = reported.at
      } else {
        state.at = now
        changes.append(.stateReported)
      }
      reported = state
      return (.stored, changes)
    }
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

  private mutating func lost(_ now: Date) -> [Change] {
    defer { onlineUntil = nil }
    return onlineUntil == nil ? [] : [.wentOffline]
  }
}
