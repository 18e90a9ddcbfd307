import Logging
import Synchronization
import Wire

/// From requests to answers.
extension RPCServer {
  /// A worker: runs one request after another until the server stops, or until it was cancelled
  /// because one of them took too long.
  func work(_ worker: Int) async {
    withUnsafeCurrentTask { task in
      guard let task else { return }
      let handle = WorkerTask(task: task)
      state.withLock { $0.workers[worker] = handle }
    }
    while !Task.isCancelled, let job = await nextJob(for: worker) {
      let outcome = await perform(job)
      let (isOwed, listener) = state.withLock { state in
        (state.admission.claim(worker), state.listener)
      }
      if isOwed { answer(job, with: outcome, on: listener) }
    }
    state.withLock { state in
      state.admission.finish(worker)
      state.workers[worker] = nil
      state.admission.end(worker)
      return callWorker(&state)
    }?.resume()
    finishIfDrained()
  }

  /// Ends the worker's last request and takes the next, waiting for it if need be.
  private func nextJob(for worker: Int) async -> ServerJob? {
    while true {
      var lapsed: [ServerJob] = []
      let (next, woken, listener) = state.withLock { state in
        let next = state.admission.next(for: worker, now: .now, lapsed: &lapsed)
        return (next, callWorker(&state), state.listener)
      }
      woken?.resume()
      for job in lapsed { answer(job, with: .failure(late(job)), on: listener) }
      switch next {
      case .run(let job): return job
      case .end: return nil
      case .idle: break
      }
      await withCheckedContinuation { continuation in
        let isParked = state.withLock { state in
          guard state.admission.park(worker) else { return false }
          state.idle[worker] = continuation
          return true
        }
        if !isParked { continuation.resume() }
      }
    }
  }

  private func perform(_ job: ServerJob) async -> Result<[UInt8], WireFailure> {
    do {
      return .success(try await job.handler(job.payload, job.context))
    } catch let failure as WireFailure {
      return .failure(failure)
    } catch is CancellationError {
      return .failure(shuttingDown)
    } catch {
      let reference = hexadecimal(job.correlationID)
      logger.error(
        "Request failed unexpectedly",
        metadata: ["kind": "\(job.kind)", "reference": "\(reference)", "error": "\(String(reflecting: error))"])
      return .failure(
        WireFailure(
          .internal, reason: "internal-error",
          message: "\(name) failed unexpectedly: look in its log for reference \(reference)"))
    }
  }

  func answer(_ job: ServerJob, with outcome: Result<[UInt8], WireFailure>, on listener: (any TransportListener)?) {
    var envelope = Envelope(role: .response)
    envelope.correlationID = job.correlationID
    envelope.kind = job.kind
    var failure: WireFailure?
    switch outcome {
    case .success(let payload) where payload.count > limits.transport.maximumFrameSize - Self.envelopeAllowance:
      failure = WireFailure(
        .internal, reason: "response-too-large",
        message: "the response has \(payload.count) bytes, more than the bus carries: ask for less at once")
    case .success(let payload): envelope.payload = payload[...]
    case .failure(let told): failure = told
    }
    if let failure {
      envelope.role = .failure
      envelope.failure = failure
    }
    listener?.send(envelope.encoded(), to: job.peer)
    job.metrics.record(since: job.received, failure: failure?.code)
  }

  /// Room that is kept in a frame for what is not payload.
  static var envelopeAllowance: Int { 1024 }

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
    let abandonAt = ContinuousClock.now + grace
    let ended = state.withLock { state in
      let (refused, idle) = state.admission.drain()
      for job in refused { answer(job, with: .failure(shuttingDown), on: state.listener) }
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
