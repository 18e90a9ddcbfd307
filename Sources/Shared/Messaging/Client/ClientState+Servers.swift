import Wire

extension ClientState {
  /// The names were looked up. One that can't be resolved now keeps the addresses it had.
  mutating func resolved(_ found: [EndpointResolution], now: Instant, actions: inout [Action]) {
    guard !isClosed else { return }
    var endpoints: [String] = []
    for (index, resolution) in found.enumerated() where resolutions.indices.contains(index) {
      if case .success(let addresses) = resolution.outcome {
        endpoints += addresses.filter { !endpoints.contains($0) }
        addressesByEndpoint[index] = addresses
      } else {
        endpoints += addressesByEndpoint[index].filter { !endpoints.contains($0) }
      }
      resolutions[index] = resolution
    }
    for index in servers.indices { servers[index].isRetired = !endpoints.contains(servers[index].endpoint) }
    for endpoint in endpoints where !servers.contains(where: { $0.endpoint == endpoint }) {
      let connection = newConnection()
      servers.append(Server(endpoint: endpoint, connection: connection))
      actions.append(.connect(connection, endpoint: endpoint))
    }
    dropRetired(actions: &actions)
    sendWaiting(now: now, actions: &actions)
  }

  mutating func opened(_ connection: ConnectionID, now: Instant, actions: inout [Action]) {
    guard let index = index(of: connection) else { return }
    servers[index].isOpen = true
    servers[index].refusal = nil
    servers[index].unansweredHeartbeats = 0
    servers[index].avoidedUntil = nil
    servers[index].isLeaving = false
    servers[index].isDraining = false
    sendWaiting(now: now, actions: &actions)
  }

  /// The transport goes on trying.
  ///
  /// - Returns: the endpoint, if this is news.
  mutating func refused(_ connection: ConnectionID, _ refusal: ConnectionRefusal) -> String? {
    guard let index = index(of: connection), servers[index].refusal != refusal else { return nil }
    servers[index].refusal = refusal
    return servers[index].endpoint
  }

  /// The connection broke; the transport connects again by itself.
  mutating func closed(_ connection: ConnectionID, now: Instant, actions: inout [Action]) {
    guard let index = index(of: connection), servers[index].isOpen else { return }
    servers[index].isOpen = false
    moveCalls(from: connection, endpoint: servers[index].endpoint, now: now, actions: &actions)
    dropRetired(actions: &actions)
    resolveSoon(now: now)
  }

  /// Any frame is a sign of life.
  mutating func heard(from connection: ConnectionID) {
    if let index = index(of: connection) { servers[index].unansweredHeartbeats = 0 }
  }

  /// The server said that it is about to end.
  mutating func leaves(_ connection: ConnectionID, now: Instant) {
    guard let index = index(of: connection), !servers[index].isLeaving else { return }
    servers[index].isLeaving = true
    // Who takes its place may be there already.
    resolveSoon(now: now)
  }

  /// Asks every server for a sign of life, and gives up on those that gave none for long.
  mutating func beat(now: Instant, actions: inout [Action]) {
    for index in servers.indices where servers[index].isOpen {
      let server = servers[index]
      guard server.unansweredHeartbeats >= options.missedHeartbeats else {
        servers[index].unansweredHeartbeats += 1
        actions.append(.heartbeat(server.connection))
        continue
      }
      // A new connection, because the old one may hold frames that a stopped server would still
      // read when it goes on.
      let connection = newConnection()
      servers[index].isOpen = false
      servers[index].connection = connection
      servers[index].outstanding = 0
      actions.append(.disconnect(server.connection))
      actions.append(.connect(connection, endpoint: server.endpoint))
      moveCalls(from: server.connection, endpoint: server.endpoint, now: now, actions: &actions)
      resolveSoon(now: now)
    }
    dropRetired(actions: &actions)
  }

  /// Forgets servers that are no longer among the addresses and have nothing left to answer.
  mutating func dropRetired(actions: inout [Action]) {
    for server in servers where server.isRetired && (server.outstanding == 0 || !server.isOpen) {
      actions.append(.disconnect(server.connection))
    }
    servers.removeAll { $0.isRetired && ($0.outstanding == 0 || !$0.isOpen) }
  }

  /// Looks the names up again because a server is lost, but not twice in a moment.
  mutating func resolveSoon(now: Instant) {
    let earliest = lastResolve.map { $0 + .milliseconds(250) } ?? now
    nextResolve = min(nextResolve, max(now, earliest))
  }

  /// What was under way on a broken connection goes to another server if it may be done twice.
  private mutating func moveCalls(
    from connection: ConnectionID, endpoint: String, now: Instant, actions: inout [Action]
  ) {
    let moved = calls.filter { $0.value.connection == connection }.map(\.key).sorted()
    for number in moved {
      release(number)
      guard let call = calls[number] else { continue }
      if call.isIdempotent, call.attempts < options.attempts {
        resend(number, excluding: [], now: now, actions: &actions)
      } else {
        calls[number] = nil
        actions.append(.answer(call.request, .failure(lost(call, at: endpoint))))
      }
    }
  }

  private mutating func newConnection() -> ConnectionID {
    lastConnection += 1
    return ConnectionID(lastConnection)
  }
}
