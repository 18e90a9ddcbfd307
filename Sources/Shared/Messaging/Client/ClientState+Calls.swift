import Wire

extension ClientState {
  /// Takes a request. Its answer comes as an action, now or later.
  mutating func submit(
    _ number: UInt64, _ request: Request, isIdempotent: Bool, deadline: Instant, now: Instant
  ) -> Action? {
    guard !isClosed else { return .answer(request, .failure(closed)) }
    guard calls.count < options.outstandingRequests else { return .answer(request, .failure(tooMany)) }
    lastBegun = now
    nextHeartbeat = min(nextHeartbeat, now + options.heartbeatInterval)
    var call = Call(request: request, isIdempotent: isIdempotent, started: now, deadline: deadline)
    guard let index = pickServer(now: now) else {
      calls[number] = call
      waiting.append(number)
      return nil
    }
    assign(&call, to: index)
    calls[number] = call
    return .send(servers[index].connection, call: number, request, remaining: deadline - now)
  }

  /// The caller does not want the answer any more.
  mutating func cancel(_ number: UInt64) -> Action? {
    guard let call = remove(number) else { return nil }
    let failure = WireFailure(.unavailable, reason: "cancelled", message: "the caller gave the request up")
    return .answer(call.request, .failure(failure))
  }

  /// An answer came. One that nobody waits for any more, or a second one, is dropped.
  ///
  /// - Returns: whether somebody waited.
  mutating func receive(
    _ envelope: Envelope, for number: UInt64, on connection: ConnectionID, now: Instant, actions: inout [Action]
  ) -> Bool {
    guard envelope.role == .failure else {
      guard let request = completed(number) else { return false }
      actions.append(.answer(request, .success(envelope.payload)))
      return true
    }
    guard let call = calls[number] else { return false }
    let failure = envelope.failure ?? WireFailure()
    if failure.code == .unavailable, failure.notBegun, index(of: connection) != nil, call.connection == connection {
      returned(number, by: connection, now: now, actions: &actions)
      return true
    }
    if failure.code == .overloaded || failure.code == .unavailable,
      refuse(number, failure, by: connection, now: now, actions: &actions)
    {
      return true
    }
    remove(number)
    actions.append(.answer(call.request, .failure(failure)))
    return true
  }

  /// A call's response came.
  ///
  /// - Returns: nil if nobody waits for it any more.
  mutating func completed(_ number: UInt64) -> Request? { remove(number)?.request }

  /// The frame was certainly not sent, so that even what is not idempotent may go elsewhere.
  mutating func unsent(_ number: UInt64, on connection: ConnectionID, now: Instant, actions: inout [Action]) {
    guard let call = calls[number], call.connection == connection else { return }
    release(number)
    calls[number]?.attempts -= 1
    let here = index(of: connection).map { [servers[$0].endpoint] } ?? []
    resend(number, excluding: here, now: now, actions: &actions)
  }

  /// The server ends and took nothing of the call: it goes to another, or waits for one until its deadline.
  private mutating func returned(
    _ number: UInt64, by connection: ConnectionID, now: Instant, actions: inout [Action]
  ) {
    if let index = index(of: connection) { servers[index].isDraining = true }
    release(number)
    calls[number]?.attempts -= 1
    resolveSoon(now: now)
    resend(number, excluding: [], now: now, actions: &actions)
  }

  /// Sends what waited for a server.
  mutating func sendWaiting(now: Instant, actions: inout [Action]) {
    guard !waiting.isEmpty, openServers > 0 else { return }
    let numbers = waiting
    waiting = []
    for number in numbers where calls[number]?.connection == nil {
      resend(number, excluding: [], now: now, actions: &actions)
    }
  }

  /// Sends a call that is at no server, or lets it wait for one.
  mutating func resend(_ number: UInt64, excluding endpoints: [String], now: Instant, actions: inout [Action]) {
    guard var call = calls[number] else { return }
    guard let index = pickServer(excluding: endpoints, now: now) else {
      waiting.append(number)
      return
    }
    assign(&call, to: index)
    calls[number] = call
    actions.append(
      .send(servers[index].connection, call: number, call.request, remaining: call.deadline - now))
  }

  @discardableResult
  mutating func remove(_ number: UInt64) -> Call? {
    guard let call = calls.removeValue(forKey: number) else { return nil }
    if let connection = call.connection, let index = index(of: connection) { servers[index].outstanding -= 1 }
    return call
  }

  /// Takes the call from its server.
  mutating func release(_ number: UInt64) {
    guard let connection = calls[number]?.connection else { return }
    calls[number]?.connection = nil
    if let index = index(of: connection) { servers[index].outstanding -= 1 }
  }

  private mutating func assign(_ call: inout Call, to index: Int) {
    call.connection = servers[index].connection
    call.attempts += 1
    servers[index].outstanding += 1
  }

  /// Tries a call elsewhere after a server said that it can't do it now, if it may be done twice or was not begun.
  ///
  /// - Returns: whether there is somewhere else.
  private mutating func refuse(
    _ number: UInt64, _ failure: WireFailure, by connection: ConnectionID, now: Instant, actions: inout [Action]
  ) -> Bool {
    guard let index = index(of: connection) else { return false }
    let pause = min(max(Duration.milliseconds(failure.retryAfterMilliseconds), .milliseconds(50)), .seconds(1))
    servers[index].avoidedUntil = now + pause
    guard var call = calls[number], call.isIdempotent || failure.notBegun, call.attempts < options.attempts,
      call.connection == connection
    else { return false }
    call.refusedBy.append(servers[index].endpoint)
    guard let other = pickServer(excluding: call.refusedBy, now: now) else { return false }
    release(number)
    assign(&call, to: other)
    calls[number] = call
    actions.append(.send(servers[other].connection, call: number, call.request, remaining: call.deadline - now))
    return true
  }
}
