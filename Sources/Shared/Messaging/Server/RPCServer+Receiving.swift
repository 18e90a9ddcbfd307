import CoreMetrics
import Logging
import Synchronization
import Wire

/// Makes requests out of frames. Runs on the transport's thread.
extension RPCServer {
  func receive(_ frames: [PeerFrame]) {
    guard let listener = currentListener(orKeep: frames) else { return }
    let now = ContinuousClock.now
    var jobs: [ServerJob] = []
    jobs.reserveCapacity(frames.count)
    var route: Route?
    for received in frames {
      if let again = route.flatMap({ makeJob(received, likely: $0, now: now) }) {
        jobs.append(again)
      } else if let job = read(received, now: now, listener: listener) {
        jobs.append(job)
        route = job.route
      }
    }
    guard !jobs.isEmpty else { return }
    admit(jobs, listener: listener)
  }

  private func currentListener(orKeep frames: [PeerFrame]) -> (any TransportListener)? {
    state.withLock { state in
      if state.listener == nil, state.outcome == nil { state.early += frames }
      return state.listener
    }
  }

  /// - Returns: nil for what has been answered or dropped.
  private func read(
    _ received: PeerFrame, now: ContinuousClock.Instant, listener: any TransportListener
  ) -> ServerJob? {
    let (envelope, fields, frame): (Envelope, EnvelopeFields, [UInt8])
    do {
      guard let only = received.frame else {
        throw EnvelopeError(description: "a message must be one frame, a serialised Envelope, or a whole batch of them")
      }
      frame = only
      envelope = try Envelope(decoding: frame)
      fields = try EnvelopeFields(of: frame)
    } catch {
      garbage.increment()
      let failure = WireFailure(
        .invalid, reason: "unreadable-envelope",
        message: "\(error): send one frame with a serialised xtblish.v1.Envelope")
      listener.send(Envelope.failure(failure, correlationID: []).encoded(), to: received.peer)
      return nil
    }
    switch envelope.role {
    case .heartbeat:
      let isLeaving = isLeaving.load(ordering: .relaxed)
      listener.send(isLeaving ? Envelope.leavingReplyFrame : Envelope.heartbeatReplyFrame, to: received.peer)
      return nil
    case .response, .failure, .heartbeatReply:
      // Never answered: two servers that took each other for clients would not stop.
      garbage.increment()
      return nil
    default:
      switch route(for: envelope) {
      case .success(let route) where !route.allows(received.peer):
        denied.increment()
        deny(envelope, from: received.peer, route: route, listener: listener)
        return nil
      case .success(let route):
        return ServerJob(
          frame, fields, route: route, peer: received.peer, received: now,
          deadline: now + allowed(envelope.deadlineMilliseconds))
      case .failure(let failure):
        unsupported.increment()
        let correlationID = envelope.correlationID.prefix(Envelope.maximumCorrelationBytes)
        listener.send(
          Envelope.failure(failure, correlationID: correlationID, kind: envelope.kind).encoded(), to: received.peer)
        return nil
      }
    }
  }

  /// The short way for another request of the kind of the one before, as most are.
  ///
  /// - Returns: nil if it is something else, or not as it should be.
  private func makeJob(_ received: PeerFrame, likely route: Route, now: ContinuousClock.Instant) -> ServerJob? {
    guard let frame = received.frame, route.allows(received.peer), let fields = try? EnvelopeFields(of: frame),
      fields.role == .request, fields.version == Envelope.currentVersion, fields.failures.isEmpty,
      fields.replacedTexts.isEmpty,
      fields.correlationID.count <= Envelope.maximumCorrelationBytes,
      frame[fields.kind].elementsEqual(route.kind.utf8), frame[fields.traceParent].allSatisfy({ $0 < 0x80 }),
      frame[fields.requestID].allSatisfy({ $0 < 0x80 })
    else { return nil }
    return ServerJob(
      frame, fields, route: route, peer: received.peer, received: now,
      deadline: now + allowed(fields.deadlineMilliseconds))
  }

  private func allowed(_ milliseconds: UInt32) -> Duration {
    milliseconds == 0 ? limits.defaultDeadline : min(.milliseconds(milliseconds), limits.maximumDeadline)
  }

  private func route(for envelope: Envelope) -> Result<Route, WireFailure> {
    guard envelope.version == Envelope.currentVersion, envelope.role == .request else {
      return .failure(
        WireFailure(
          .unsupported, reason: "unsupported-envelope",
          message: """
            envelope version \(envelope.version) with role \(envelope.role.rawValue) is unknown to \(name), which \
            reads requests (role 1) of version \(Envelope.currentVersion): update the older of the two programs
            """))
    }
    guard envelope.correlationID.count <= Envelope.maximumCorrelationBytes else {
      return .failure(
        WireFailure(
          .invalid, reason: "long-correlation-id",
          message: "the correlation ID has \(envelope.correlationID.count) bytes: 16 are usual, at most "
            + "\(Envelope.maximumCorrelationBytes) are taken"))
    }
    guard let route = routes[envelope.kind] else {
      return .failure(
        WireFailure(
          .unsupported, reason: "unknown-kind",
          message: "\(name) does not answer \(envelope.kind.debugDescription.prefix(200)): "
            + "check the address, or update the older of the two programs"))
    }
    return .success(route)
  }

  private func deny(_ envelope: Envelope, from peer: PeerID, route: Route, listener: any TransportListener) {
    let sender = peer.identity.map { "\($0)" } ?? "nobody"
    if let count = denials.withLock({ $0.add() }) {
      logger.warning(
        "request denied", metadata: ["kind": "\(route.kind)", "peer": "\(sender)", "count": "\(count)"])
    }
    if let identity = peer.identity { onDenial?(identity, route.kind) }
    listener.send(
      Envelope.failure(denial(of: route, to: sender), correlationID: envelope.correlationID, kind: route.kind)
        .encoded(), to: peer)
  }

  private func admit(_ jobs: [ServerJob], listener: any TransportListener) {
    var refused: [(ServerJob, ServerAdmission<ServerJob>.Refusal)] = []
    var earliest: ContinuousClock.Instant?
    let woken = state.withLock { state in
      for job in jobs {
        if let refusal = state.admission.arrive(job, deadline: job.deadline) {
          refused.append((job, refusal))
        } else {
          earliest = earliest.map { min($0, job.deadline) } ?? job.deadline
        }
      }
      return callWorker(&state)
    }
    woken?.resume()
    for (job, refusal) in refused {
      answer(job, with: .failure(refusal == .draining ? draining : overloaded), on: listener)
    }
    if let earliest { timer.arm(for: earliest) }
  }

  /// - Returns: the worker to resume once the lock is let go.
  func callWorker(_ state: inout State) -> UnsafeContinuation<Void, Never>? {
    switch state.admission.callWorker() {
    case .none: return nil
    case .resume(let worker): return state.idle.removeValue(forKey: worker)
    case .spawn(let worker):
      spawn.yield(worker)
      return nil
    }
  }
}
