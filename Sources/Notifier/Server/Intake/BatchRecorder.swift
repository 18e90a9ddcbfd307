import Logging
import Messaging
import Metrics
import Synchronization
import Wire

/// Hands items to the Registry, one batch at a time so that they stay in order, however long it is away.
///
/// A batch that fails or takes too long is halved, so that one that is too large for a slow database is not repeated for
/// ever. What fails again and again by itself, although the Registry could store others, is set aside: what is behind it
/// goes on, and its device, which was told nothing, sends it again. While the Registry can store nothing everything waits.
final class BatchRecorder<Item: Sendable, Outcome: Sendable>: Sendable {
  /// One attempt: an outcome for each item, in order. Throws a `WireFailure`.
  typealias Attempt = @Sendable ([Item]) async throws -> [Outcome]
  /// Whether the Registry says of itself that it can store what it is given.
  typealias Inquiry = @Sendable () async -> Bool
  /// The items of a batch, each with what the Registry made of it.
  typealias Answers = [(item: Item, outcome: Outcome)]

  /// How large batches may be, and how often and after which pauses they are tried again.
  struct Pace: Sendable {
    /// Items in one batch.
    var batchItems = 500
    var retryInitialDelay: Duration = .milliseconds(100)
    var retryMaximumDelay: Duration = .seconds(2)
    /// How often one item alone is tried that the Registry fails at.
    var attemptsByItself = 5
  }

  private let name: String
  private let attempt: Attempt
  private let canStore: Inquiry
  private let describe: @Sendable (Item) -> String
  private let pace: Pace
  private let size: Mutex<BatchSize>
  private let logger: Logger
  private let unreadable: Counter
  private let setAside: Counter
  private let retries: Counter

  /// - Parameters:
  ///   - name: of an item, in metrics and logs: "report", "log".
  ///   - plural: of several, in metrics.
  ///   - describe: whose the item is, for the log.
  ///   - canStore: asked before an item is set aside, which an outage is no reason for.
  init(
    _ name: String, plural: String, pace: Pace = Pace(), logger: Logger, describe: @escaping @Sendable (Item) -> String,
    canStore: @escaping Inquiry, attempt: @escaping Attempt
  ) {
    self.name = name
    self.attempt = attempt
    self.canStore = canStore
    self.describe = describe
    self.pace = pace
    self.logger = logger
    size = Mutex(BatchSize(maximum: pace.batchItems))
    let labels = Labels(name, plural: plural)
    unreadable = Counter(label: labels.unreadable)
    setAside = Counter(label: labels.setAside)
    retries = Counter(label: labels.retries)
  }

  /// The names of its metrics.
  struct Labels {
    let unreadable: String
    let setAside: String
    let retries: String

    init(_ name: String, plural: String) {
      unreadable = "notifier_\(plural)_unreadable_total"
      setAside = "notifier_\(plural)_set_aside_total"
      retries = "notifier_\(name)_batches_retried_total"
    }
  }

  /// How many items the next batch may have.
  var batchItems: Int { size.withLock { $0.current } }

  /// Hands the items over, and returns when all are recorded or set aside, or the task was cancelled.
  ///
  /// - Parameter settle: told what the Registry answered, batch by batch.
  func record(_ items: [Item], settle: (Answers) async -> Void) async {
    var rest = items[...]
    var delay = pace.retryInitialDelay
    var isOutageLogged = false
    var failuresByItself = 0
    while !rest.isEmpty, !Task.isCancelled {
      let batch = Array(rest.prefix(batchItems))
      let failure: WireFailure
      switch await result(of: batch) {
      case .success(let outcomes):
        size.withLock { $0.grow(after: batch.count) }
        rest = rest.dropFirst(batch.count)
        (delay, failuresByItself, isOutageLogged) = (pace.retryInitialDelay, 0, false)
        await settle(zip(batch, outcomes).map { (item: $0, outcome: $1) })
        continue
      case .failure(let error): failure = error
      }
      if failure.code == .invalid || failure.code == .unsupported {
        // Finds the items that make the Registry refuse the whole batch, so that they don't hold up the others for ever.
        size.withLock { $0.shrink(after: batch.count) }
        if batch.count == 1 {
          drop(batch[0], failure, unreadable, "the Registry can't read what a device told; it is dropped")
          rest = rest.dropFirst()
        }
        continue
      }
      if Task.isCancelled { return }
      retries.increment()
      if failure.isOfTheBatch {
        size.withLock { $0.shrink(after: batch.count) }
        failuresByItself += batch.count == 1 ? 1 : 0
        if failuresByItself >= pace.attemptsByItself {
          failuresByItself = 0
          if await canStore() {
            drop(batch[0], failure, setAside, "the Registry fails at what a device told; it is set aside")
            rest = rest.dropFirst()
            continue
          }
        }
      }
      if !isOutageLogged {
        isOutageLogged = true
        logger.warning(
          "the Registry does not take what devices told; it waits",
          metadata: ["kind": "\(name)", "count": "\(batch.count)", "error": "\(failure)"])
      }
      // Between half and all of the delay, so that replicas do not come back at once.
      do {
        try await Task.sleep(for: delay / 2 + delay / 2 * Double.random(in: 0...1))
      } catch {
        return
      }
      delay = min(delay * 2, pace.retryMaximumDelay)
    }
  }

  private func result(of batch: [Item]) async -> Result<[Outcome], WireFailure> {
    do {
      let outcomes = try await attempt(batch)
      guard outcomes.count != batch.count else { return .success(outcomes) }
      return .failure(
        WireFailure(
          .internal, reason: "wrong-outcomes",
          message: "the Registry answered \(outcomes.count) outcomes for \(batch.count) \(name)s"))
    } catch {
      return .failure(
        error as? WireFailure ?? WireFailure(.internal, reason: "unexpected-error", message: "\(error)"))
    }
  }

  /// Leaves an item out, and says so in the log. Its device is not told that anything was stored.
  private func drop(_ item: Item, _ failure: WireFailure, _ counter: Counter, _ message: Logger.Message) {
    counter.increment()
    logger.error(
      message, metadata: ["kind": "\(name)", "device": "\(describe(item))", "error": "\(failure)"])
  }
}

extension WireFailure {
  /// A smaller batch, or another one, may go through: somebody is there and fails at it, or takes too long.
  fileprivate var isOfTheBatch: Bool {
    switch code {
    case .deadlineExceeded, .internal: true
    case .unavailable: reason == "database-unavailable"
    default: false
    }
  }
}
