import Foundations
import Logging
import Synchronization
import Wire

/// Makes answers out of requests.
extension RPCServer {
  /// A worker: runs one request after another until the server stops, or until it was cancelled
  /// because one of them took too long.
  nonisolated(nonsending) func work(_ worker: Int) async {
    withUnsafeCurrentTask { task in
      guard let task else { return }
      let handle = WorkerTask(task: task)
      state.withLock { $0.workers[worker] = handle }
    }
    var count = 0
    working: while !Task.isCancelled {
      switch nextJob(for: worker) {
      case .end: break working
      case .idle: await park(worker)
      case .run(let job):
        let outcome = await perform(job)
        let (isOwed, listener) = state.withLock { state in
          (state.admission.claim(worker), state.listener)
        }
        if isOwed { answer(job, with: outcome, on: listener) }
        count += 1
        // The thread may have sockets to look after.
        if count % Self.requestsInARow == 0 { await Task.yield() }
      }
    }
    state.withLock { state in
      state.admission.finish(worker)
      state.workers[worker] = nil
      state.admission.end(worker)
      return callWorker(&state)
    }?.resume()
    finishIfDrained()
  }

  /// Requests after which a worker lets others have the thread.
  private static var requestsInARow: Int { 8 }

  /// Ends the worker's last request and takes the next.
  private func nextJob(for worker: Int) -> ServerAdmission<ServerJob>.Next {
    var lapsed: [ServerJob] = []
    let now = ContinuousClock.now
    let (next, woken, listener) = state.withLock { state in
      let next = state.admission.next(for: worker, now: now, lapsed: &lapsed)
      return (next, callWorker(&state), lapsed.isEmpty ? nil : state.listener)
    }
    woken?.resume()
    for job in lapsed { answer(job, with: .failure(late(job)), on: listener) }
    return next
  }

  /// Waits to be called.
  private nonisolated(nonsending) func park(_ worker: Int) async {
    await withUnsafeContinuation { continuation in
      let isParked = state.withLock { state in
        guard state.admission.park(worker) else { return false }
        state.idle[worker] = continuation
        return true
      }
      if !isParked { continuation.resume() }
    }
  }

  private nonisolated(nonsending) func perform(_ job: ServerJob) async -> Result<[UInt8], WireFailure> {
    guard let trace = job.makeTrace() else { return await handle(job) }
    return await TraceContext.$current.withValue(trace) {
      let outcome = await handle(job)
      noteHandled(job, outcome, trace)
      return outcome
    }
  }

  /// So that the log of each program shows what it did for a trace.
  private func noteHandled(_ job: ServerJob, _ outcome: Result<[UInt8], WireFailure>, _ trace: TraceContext) {
    if SpanRecording.wants(trace) { recordSpan(job, outcome, trace) }
    guard logger.logLevel <= .debug else { return }
    let duration = ContinuousClock.now - job.received
    var metadata: Logger.Metadata = ["kind": "\(job.kind)", "duration": "\(duration)"]
    if let peer = job.peer.identity { metadata["peer"] = "\(peer)" }
    if case .failure(let failure) = outcome { metadata["error"] = "\(failure)" }
    logger.debug("request of the bus handled", metadata: metadata)
  }

  private func recordSpan(_ job: ServerJob, _ outcome: Result<[UInt8], WireFailure>, _ trace: TraceContext) {
    var attributes: [String: TraceSpan.Value] = ["rpc.method": .text(job.kind)]
    if let peer = job.peer.identity { attributes["xtblish.peer"] = .text("\(peer)") }
    var reason: String?
    if case .failure(let failure) = outcome { reason = "\(failure)" }
    SpanRecording.record(
      TraceSpan(
        job.kind, .server, in: trace, since: job.received, took: ContinuousClock.now - job.received,
        attributes: attributes, failure: reason), in: trace)
  }

  private nonisolated(nonsending) func handle(_ job: ServerJob) async -> Result<[UInt8], WireFailure> {
    do {
      return .success(try await job.route.handler(job.payload, RequestContext(job)))
    } catch let failure as WireFailure {
      // What another server did not begin, this one did.
      var told = failure
      told.notBegun = false
      return .failure(told)
    } catch let failure as RequestFailure {
      return .failure(WireFailure(failure))
    } catch is CancellationError {
      return .failure(shuttingDown)
    } catch {
      let reference = Hexadecimal.encode(job.correlationID)
      logger.error(
        "request failed unexpectedly",
        metadata: ["kind": "\(job.kind)", "reference": "\(reference)", "error": "\(String(reflecting: error))"])
      return .failure(
        WireFailure(
          .internal, reason: "internal-error",
          message: "\(name) failed unexpectedly: look in its log for reference \(reference)"))
    }
  }

  func answer(_ job: ServerJob, with outcome: Result<[UInt8], WireFailure>, on listener: (any TransportListener)?) {
    let (frame, failure) = answerFrame(job, outcome)
    listener?.send(frame, to: job.peer)
    job.route.metrics.record(since: job.received, failure: failure?.code)
  }

  private func answerFrame(
    _ job: ServerJob, _ outcome: Result<[UInt8], WireFailure>
  ) -> (frame: [UInt8], failure: WireFailure?) {
    let failure: WireFailure
    switch outcome {
    case .success(let payload) where payload.count > limits.transport.maximumFrameSize - Envelope.allowanceBytes:
      failure = WireFailure(
        .internal, reason: "response-too-large",
        message: "the response has \(payload.count) bytes, more than the bus carries: ask for less at once")
    case .success(let payload):
      return (Envelope.response(to: job.correlationID, kind: job.kind, payload: payload), nil)
    case .failure(let told): failure = told
    }
    return (Envelope.failure(failure, correlationID: job.correlationID, kind: job.kind).encoded(), failure)
  }

  // MARK: Time

  /// Answers what is past its deadline.
  func tick() {
    let now = ContinuousClock.now
    let next = state.withLock { state in
      let (waiting, running) = state.admission.lapse(now: now)
      var stopped = running.map(\.worker)
      // Answered before the lock is let go, so that nobody takes the server for drained too early.
      for job in waiting + running.map(\.job) { answer(job, with: .failure(late(job)), on: state.listener) }
      if let abandonAt = state.abandonAt, abandonAt <= now {
        for (worker, job) in state.admission.abandon() {
          answer(job, with: .failure(shuttingDown), on: state.listener)
          stopped.append(worker)
        }
      }
      for worker in stopped { state.workers[worker]?.task.cancel() }
      let abandonAt = state.abandonAt.flatMap { $0 > now ? $0 : nil }
      return [state.admission.nextDeadline, abandonAt].compactMap { $0 }.min()
    }
    if let next { timer.arm(for: next) }
    finishIfDrained()
  }

  /// Refuses what is not running yet, and gives the rest its time.
  func beginShutdown(grace: Duration) {
    leave()
    let abandonAt = ContinuousClock.now + grace
    let ended = state.withLock { state in
      let (refused, idle) = state.admission.drain()
      for job in refused { answer(job, with: .failure(draining), on: state.listener) }
      state.abandonAt = min(state.abandonAt ?? abandonAt, abandonAt)
      return idle.compactMap { state.idle.removeValue(forKey: $0) }
    }
    for continuation in ended { continuation.resume() }
    if grace == .zero { tick() } else { timer.arm(for: abandonAt) }
    finishIfDrained()
  }

  private func finishIfDrained() {
    if state.withLock({ $0.admission.isDrained }) { spawn.finish() }
  }
}
