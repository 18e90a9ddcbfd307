package import Wire

extension WireFailure {
  /// The client's word for a request that no server was there to take, in all the time that it had.
  package static var noServerReason: String { "no-server" }

  /// The client's word for a request that must not be done twice, and whose server was lost while it had it.
  static var connectionLostReason: String { "connection-lost" }

  /// The server's word for a request that it gave up because it ends.
  static var shuttingDownReason: String { "shutting-down" }

  /// Whether the server ended while it had the request, of which it may have done a part.
  package var isOfAnEndedServer: Bool {
    code == .unavailable && (reason == Self.connectionLostReason || reason == Self.shuttingDownReason)
  }

  /// What a service answers where the one that it asked in turn failed so: the same failure, unless no server of that one
  /// was there. Whoever asks reached this service, and would take the client's own word for it to be of this one.
  ///
  /// - Parameters:
  ///   - reason: instead of `no-server`: `registry-unavailable`.
  ///   - message: which service was not reached, what is not done, and what to do.
  package func handedOn(ifAbsent reason: String, _ message: String) -> WireFailure {
    guard self.reason == Self.noServerReason else { return self }
    return WireFailure(.unavailable, reason: reason, message: "\(message); \(self.message)")
  }
}

/// What the client itself tells its callers.
extension ClientState {
  var closed: WireFailure {
    WireFailure(
      .unavailable, reason: "client-closed",
      message: "the client of \(name) is closed, so nothing can be asked any more")
  }

  var tooMany: WireFailure {
    WireFailure(
      .overloaded, reason: "client-queue-full",
      message: "\(calls.count) requests to \(name) are under way already: try again later",
      retryAfterMilliseconds: 100)
  }

  /// No server was there in all the time.
  func unavailable(_ call: Call) -> WireFailure {
    let tried = resolutions.enumerated().map { index, resolution in
      switch resolution.outcome {
      case .failure(let error): return "\(resolution.endpoint): \(error)"
      case .success where addressesByEndpoint[index].isEmpty: return "\(resolution.endpoint): not looked up yet"
      case .success where addressesByEndpoint[index] == [resolution.endpoint]: return resolution.endpoint
      case .success: return "\(resolution.endpoint): \(addressesByEndpoint[index].joined(separator: " "))"
      }
    }
    let advice = refusals ?? "check that it runs, that the address is right and that nothing blocks it"
    let again = call.attempts > 0 ? " (\(call.attempts) were lost while they had the request)" : ""
    return WireFailure(
      .unavailable, reason: WireFailure.noServerReason,
      message: """
        no server of \(name) could be reached in \((call.deadline - call.started).milliseconds) ms\(again) at \
        \(tried.joined(separator: ", ")): \(advice)
        """)
  }

  /// What servers that are there said, or did.
  private var refusals: String? {
    let told = servers.compactMap { server in
      server.isDraining
        ? "at \(server.endpoint), it is shutting down: start another replica, or try again later"
        : server.refusal.map { "at \(server.endpoint), \($0)" }
    }
    return told.isEmpty ? nil : told.joined(separator: "; ")
  }

  /// A server had it and did not answer in time.
  func late(_ call: Call) -> WireFailure {
    let endpoint = call.connection.flatMap(index(of:)).map { servers[$0].endpoint } ?? "a server"
    return WireFailure(
      .deadlineExceeded, reason: "deadline-exceeded",
      message: """
        \(name) at \(endpoint) did not answer in \((call.deadline - call.started).milliseconds) ms: allow more time, or \
        look why it is slow\(call.isIdempotent ? "" : "; it may still do it")
        """)
  }

  /// The server was lost while it had the request.
  func lost(_ call: Call, at endpoint: String) -> WireFailure {
    call.isIdempotent
      ? WireFailure(
        .unavailable, reason: "retries-exhausted",
        message: "\(call.attempts) servers of \(name) were lost, one after another, while they had the request, last "
          + "\(endpoint): look into their logs before sending it again")
      : WireFailure(
        .unavailable, reason: WireFailure.connectionLostReason,
        message: "the connection to \(name) at \(endpoint) was lost while it had the request, which may or may not "
          + "have been done and must not be done twice: look at the outcome before sending it again")
  }
}
