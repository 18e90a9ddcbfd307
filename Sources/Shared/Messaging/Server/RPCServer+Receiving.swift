import CoreMetrics
import Synchronization
import Wire

/// From frames to requests. Runs on the transport's thread.
extension RPCServer {
  func receive(_ frames: [PeerFrame]) {
    guard let listener = currentListener(orKeep: frames) else { return }
    let now = ContinuousClock.now
    var jobs: [ServerJob] = []
    for received in frames {
      if let job = read(received, now: now, listener: listener) { jobs.append(job) }
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
  private func read(_ received: PeerFrame, now: ContinuousClock.Instant, listener: any TransportListener) -> ServerJob?
  {
    let envelope: Envelope
    do {
      guard let frame = received.frame else {
        throw EnvelopeError(description: "a message must be one frame, a serialised Envelope")
      }
      envelope = try Envelope(decoding: frame)
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
      listener.send(Envelope.heartbeatReplyFrame, to: received.peer)
      return nil
    case .response, .failure, .heartbeatReply:
      // Never answered: two servers that took each other for clients would not stop.
      garbage.increment()
      return nil
    default:
      switch makeJob(envelope, peer: received.peer, now: now) {
      case .success(let job):
        return job
      case .failure(let failure):
        unsupported.increment()
        let correlationID = envelope.correlationID.prefix(Envelope.maximumCorrelationBytes)
        listener.send(
          Envelope.failure(failure, correlationID: correlationID, kind: envelope.kind).encoded(), to: received.peer)
        return nil
      }
    }
  }

  private func makeJob(
    _ envelope: Envelope, peer: PeerID, now: ContinuousClock.Instant
  ) -> Result<ServerJob, WireFailure> {
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
    let allowed: Duration =
      envelope.deadlineMilliseconds == 0
      ? limits.defaultDeadline : min(.milliseconds(envelope.deadlineMilliseconds), limits.maximumDeadline)
    return .success(
      ServerJob(
        handler: route.handler, metrics: route.metrics, payload: envelope.payload,
        correlationID: envelope.correlationID, traceParent: envelope.traceParent, kind: envelope.kind, peer: peer,
        received: now, deadline: now + allowed))
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
      answer(job, with: .failure(refusal == .draining ? shuttingDown : overloaded), on: listener)
    }
    if let earliest { timer.arm(for: earliest) }
  }

  /// - Returns: the worker to resume once the lock is let go.
  func callWorker(_ state: inout State) -> CheckedContinuation<Void, Never>? {
    switch state.admission.callWorker() {
    case .none: return nil
    case .resume(let worker): return state.idle.removeValue(forKey: worker)
    case .spawn(let worker):
      spawn.yield(worker)
      return nil
    }
  }
}
