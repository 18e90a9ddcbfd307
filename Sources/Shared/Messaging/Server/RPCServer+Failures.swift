import Wire

/// What the server itself tells clients.
extension RPCServer {
  var overloaded: WireFailure {
    var failure = WireFailure(
      .overloaded, reason: "queue-full",
      message:
        "\(name) has \(limits.concurrency) requests running and \(limits.queuedRequests) waiting: try again later",
      retryAfterMilliseconds: UInt32(limits.retryAfter.milliseconds))
    failure.notBegun = true
    return failure
  }

  /// For what comes too late to be begun.
  var draining: WireFailure {
    var failure = shuttingDown
    failure.notBegun = true
    return failure
  }

  /// For what was begun and is given up.
  var shuttingDown: WireFailure {
    WireFailure(
      .unavailable, reason: WireFailure.shuttingDownReason,
      message: "\(name) is shutting down: ask another replica, or try again later",
      retryAfterMilliseconds: 1_000)
  }

  func denial(of route: Route, to sender: String) -> WireFailure {
    let allowed = route.roles.roles.map(\.rawValue)
    return WireFailure(
      .permissionDenied, reason: "role-not-allowed",
      message: "\(sender) may not send \(route.kind) to \(name): "
        + (allowed.isEmpty ? "nobody may" : "use a key whose role is \(allowed.joined(separator: " or "))"))
  }

  func late(_ job: ServerJob) -> WireFailure {
    WireFailure(
      .deadlineExceeded, reason: "deadline-exceeded",
      message: "\(name) did not finish \(job.kind) in \((job.deadline - job.received).milliseconds) ms: allow more time"
    )
  }
}
