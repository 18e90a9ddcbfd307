import Wire

extension ClientState {
  /// Does what is due.
  ///
  /// - Returns: when to call again at the latest.
  mutating func tick(now: Instant, actions: inout [Action]) -> Instant? {
    guard !isClosed else { return nil }
    expire(now: now, actions: &actions)
    if nextHeartbeat <= now {
      beat(now: now, actions: &actions)
      let isIdle = lastBegun + options.idleAfter <= now
      nextHeartbeat = now + (isIdle ? options.idleHeartbeatInterval : options.heartbeatInterval)
    }
    if nextResolve <= now {
      actions.append(.resolve)
      lastResolve = now
      nextResolve = now + options.resolveInterval
    }
    dropRetired(actions: &actions)
    sendWaiting(now: now, actions: &actions)
    var next = min(nextHeartbeat, nextResolve)
    if let earliest = calls.values.lazy.map(\.deadline).min() { next = min(next, earliest) }
    // Deadlines a hair apart are one wake-up.
    return max(next, now + .milliseconds(1))
  }

  /// Answers everything that is under way, and whatever comes, with a failure.
  mutating func close() -> [Action] {
    isClosed = true
    let unanswered = calls.sorted { $0.key < $1.key }.map { Action.answer($0.value.request, .failure(closed)) }
    calls = [:]
    waiting = []
    servers = []
    return unanswered
  }

  private mutating func expire(now: Instant, actions: inout [Action]) {
    let expired = calls.filter { $0.value.deadline <= now }.map(\.key).sorted()
    guard !expired.isEmpty else { return }
    for number in expired {
      guard let call = calls[number] else { continue }
      let failure = call.connection == nil ? unavailable(call) : late(call)
      remove(number)
      actions.append(.answer(call.request, .failure(failure)))
    }
    waiting.removeAll { calls[$0] == nil }
  }
}
