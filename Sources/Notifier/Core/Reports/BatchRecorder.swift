import Logging
import Messaging
import Metrics
import Wire

/// Hands items to the Registry, one batch at a time so that they stay in order, however long it is away.
struct BatchRecorder<Item: Sendable, Outcome: Sendable>: Sendable {
  /// One attempt: an outcome for each item, in order. Throws a `WireFailure`.
  typealias Attempt = @Sendable ([Item]) async throws -> [Outcome]

  private let name: String
  private let attempt: Attempt
  private let retryInitialDelay: Duration
  private let retryMaximumDelay: Duration
  private let logger: Logger
  private let unreadable: Counter
  private let retries: Counter

  /// - Parameter name: of the items, in metrics and logs: "report", "log".
  init(
    _ name: String, retryInitialDelay: Duration = .milliseconds(100), retryMaximumDelay: Duration = .seconds(2),
    logger: Logger, attempt: @escaping Attempt
  ) {
    self.name = name
    self.attempt = attempt
    self.retryInitialDelay = retryInitialDelay
    self.retryMaximumDelay = retryMaximumDelay
    self.logger = logger
    unreadable = Counter(label: "notifier_\(name)s_unreadable_total")
    retries = Counter(label: "notifier_\(name)_batches_retried_total")
  }

  /// Returns when the batch is recorded.
  ///
  /// - Returns: what the Registry answered; without items that it can't read, and empty when the task was cancelled.
  func record(_ items: [Item]) async -> [(item: Item, outcome: Outcome)] {
    var delay = retryInitialDelay
    var isOutageLogged = false
    while true {
      let failure: WireFailure
      do {
        let outcomes = try await attempt(items)
        guard outcomes.count != items.count else { return zip(items, outcomes).map { ($0, $1) } }
        failure = WireFailure(
          .internal, reason: "wrong-outcomes",
          message: "the Registry answered \(outcomes.count) outcomes for \(items.count) \(name)s")
      } catch {
        failure =
          error as? WireFailure ?? WireFailure(.internal, reason: "unexpected-error", message: "\(error)")
      }
      if failure.code == .invalid || failure.code == .unsupported { return await recordApart(items, failure) }
      if Task.isCancelled { return [] }
      retries.increment()
      if !isOutageLogged {
        isOutageLogged = true
        logger.warning(
          "The Registry does not take what devices told; it waits",
          metadata: ["kind": "\(name)", "count": "\(items.count)", "error": "\(failure)"])
      }
      // Between half and all of the delay, so that replicas do not come back at once.
      do {
        try await Task.sleep(for: delay / 2 + delay / 2 * Double.random(in: 0...1))
      } catch {
        return []
      }
      delay = min(delay * 2, retryMaximumDelay)
    }
  }

  /// Finds the items that make the Registry refuse the whole batch, so that they don't hold up the others for ever.
  private func recordApart(_ items: [Item], _ failure: WireFailure) async -> [(item: Item, outcome: Outcome)] {
    guard items.count > 1 else {
      unreadable.increment()
      logger.error(
        "The Registry can't read what a device told; it is dropped",
        metadata: ["kind": "\(name)", "error": "\(failure)"])
      // The device is not told that anything was stored.
      return []
    }
    let middle = items.count / 2
    let first = await record(Array(items[..<middle]))
    return first + (await record(Array(items[middle...])))
  }
}
