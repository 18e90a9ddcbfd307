package import Foundations
package import Logging
package import RegistryDomain
package import RegistryStorage
import ServiceLifecycle

/// Hands what is in the outbox to the Notifier until the broker has acknowledged it.
///
/// Any number of replicas may do so side by side: each claims what it sends. It sleeps until it is
/// woken by a commit, here or on another replica, or until the next notification is due.
package struct OutboxDispatcher: Service {
  /// How a dispatcher works through the outbox; `backoff` are the pauses before a notification is tried again.
  package struct Options: Sendable {
    /// Notifications in one call.
    var batchSize: Int
    /// Calls in progress at once.
    var lanes: Int
    /// How long a claim keeps other replicas away, and so how late they notice that this one died.
    package var lease: Duration
    package var backoff: RetryBackoff
    /// The longest sleep: what bounds the delay if a wake-up from another replica was lost.
    package var longestSleep: Duration

    package init(
      batchSize: Int = 256, lanes: Int = 4, lease: Duration = .seconds(5),
      backoff: RetryBackoff = RetryBackoff(longest: .seconds(5)), longestSleep: Duration = .seconds(10)
    ) {
      self.batchSize = batchSize
      self.lanes = lanes
      self.lease = lease
      self.backoff = backoff
      self.longestSleep = longestSleep
    }

    /// Ends well before the lease, so that no call is in progress when another replica takes over.
    var callDeadline: Duration { lease * 0.8 }
  }

  private let store: RegistryStore
  private let notifier: any NotificationSender
  private let options: Options
  private let metrics: RegistryMetrics
  private let logger: Logger

  package init(
    store: RegistryStore, notifier: any NotificationSender, options: Options = Options(), metrics: RegistryMetrics,
    logger: Logger
  ) {
    self.store = store
    self.notifier = notifier
    self.options = options
    self.metrics = metrics
    self.logger = logger
  }

  /// Runs until shutdown, then lets the calls in progress end.
  package func run() async throws {
    let progress = DispatchProgress(lanes: options.lanes, batchSize: options.batchSize)
    await withGracefulShutdownHandler {
      await dispatch(progress)
    } onGracefulShutdown: {
      progress.stop()
      store.outboxSignal.wake()
    }
  }

  private func dispatch(_ progress: DispatchProgress) async {
    await withDiscardingTaskGroup { group in
      var failuresInARow: UInt64 = 0
      while !progress.isStopping, !Task.isCancelled {
        guard progress.hasFreeLane else {
          await store.outboxSignal.wait(upTo: options.longestSleep)
          continue
        }
        do {
          let claim = (0..<16).map { _ in UInt8.random(in: 0...255) }
          let batch = try await store.claimOutbox(limit: progress.batchSize, lease: options.lease, claim: claim)
          let claimed = ContinuousClock.now
          failuresInARow = 0
          if batch.isEmpty {
            await store.outboxSignal.wait(upTo: try await timeToSleep())
          } else {
            progress.takeLane()
            group.addTask {
              if await deliver(batch, claim: claim, claimed: claimed) {
                progress.succeeded(with: batch.count)
              } else {
                progress.failed(at: batch.count)
              }
              progress.freeLane()
              store.outboxSignal.wake()
            }
          }
        } catch {
          failuresInARow += 1
          if !progress.isStopping, !Task.isCancelled {
            logger.warning("outbox not read, trying again", metadata: ["error": "\(error)"])
          }
          await store.outboxSignal.wait(
            upTo: options.backoff.delay(attempts: failuresInARow, fraction: .random(in: 0...1)))
        }
      }
    }
  }

  private func timeToSleep() async throws -> Duration {
    let wait = try await store.timeToNextDue() ?? options.longestSleep
    // Not under a millisecond: due times are finer than that, and asking in a circle is a tight poll.
    return min(max(wait, .milliseconds(1)), options.longestSleep)
  }

  /// Sends a batch and settles it.
  ///
  /// - Parameter claimed: when it was.
  /// - Returns: false if there was no answer in time, although somebody was there: then smaller batches are tried.
  private func deliver(_ batch: [OutboxEntry], claim: [UInt8], claimed: ContinuousClock.Instant) async -> Bool {
    let start = ContinuousClock.now
    let answer = await call(batch)
    let outcome = DeliveryOutcome(batch, answer: answer, held: start - claimed, backoff: options.backoff) {
      .random(in: 0...1)
    }
    let acknowledged = Set(outcome.acknowledged)
    for entry in batch where acknowledged.contains(entry.key) {
      metrics.notified(after: entry.age + (ContinuousClock.now - start))
      note(entry, claimed: claimed)
    }
    if let first = outcome.postponed.first {
      metrics.postponed(outcome.postponed.count)
      logger.warning(
        "notifications not acknowledged, trying again",
        metadata: ["count": "\(outcome.postponed.count)", "device": "\(first.key.device)", "error": "\(first.error)"])
    }
    do {
      try await store.settleOutbox(outcome, claim: claim)
    } catch {
      // The lease runs out, and the notifications are sent again.
      logger.warning("claim not settled, left to its lease", metadata: ["error": "\(error)"])
    }
    guard case .failure(let failure) = answer else { return true }
    return failure.code == .unavailable
  }

  /// Says so in the log and as a span, as part of what the version was assigned for.
  private func note(_ entry: OutboxEntry, claimed: ContinuousClock.Instant) {
    let trace = entry.trace?.child()
    SpanRecording.record(
      TraceSpan(
        "outbox", .internal, in: trace ?? TraceContext(), since: claimed - entry.age,
        took: entry.age + (ContinuousClock.now - claimed),
        attributes: [
          "xtblish.device": .text("\(entry.key.device)"),
          "xtblish.version": .number(Int64(clamping: entry.key.version)),
          "xtblish.attempts": .number(Int64(clamping: entry.attempts)),
        ]), in: trace)
    guard logger.logLevel <= .debug else { return }
    TraceContext.$current.withValue(trace) {
      logger.debug(
        "notification acknowledged", metadata: ["device": "\(entry.key.device)", "version": "\(entry.key.version)"])
    }
  }

  private func call(_ batch: [OutboxEntry]) async -> Result<[NotificationOutcome], RequestFailure> {
    do throws(RequestFailure) {
      return .success(try await notifier.send(batch, deadline: options.callDeadline))
    } catch {
      return .failure(error)
    }
  }
}
