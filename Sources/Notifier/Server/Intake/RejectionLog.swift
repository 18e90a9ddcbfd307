import Logging
import Metrics
import Synchronization

/// Counts messages that were not taken, and logs a sample: at most one line a reason in each interval, so that a
/// hostile device can't fill the log.
final class RejectionLog: Sendable {
  private struct Sample {
    var next: ContinuousClock.Instant
    var suppressed = 0
  }

  /// How many characters of a topic get into the log.
  private static let maximumTopicCharacters = 120

  private let logger: Logger
  private let interval: Duration
  private let counters: [RejectedReport.Reason: Counter]
  private let state = Mutex<(samples: [RejectedReport.Reason: Sample], total: Int)>(([:], 0))

  init(logger: Logger, interval: Duration = .seconds(10)) {
    self.logger = logger
    self.interval = interval
    counters = Dictionary(
      uniqueKeysWithValues: RejectedReport.Reason.allCases.map {
        ($0, Counter(label: "notifier_reports_rejected_total", dimensions: [("reason", $0.rawValue)]))
      })
  }

  var total: Int { state.withLock { $0.total } }

  /// Counts a message that was not taken, and logs it if it is the first of its reason in the interval.
  func note(_ rejected: RejectedReport, topic: String, now: ContinuousClock.Instant = .now) {
    counters[rejected.reason]?.increment()
    let suppressed = state.withLock { state -> Int? in
      state.total += 1
      if let sample = state.samples[rejected.reason], now < sample.next {
        state.samples[rejected.reason]?.suppressed += 1
        return nil
      }
      defer { state.samples[rejected.reason] = Sample(next: now + interval) }
      return state.samples[rejected.reason]?.suppressed ?? 0
    }
    guard let suppressed else { return }
    logger.warning(
      "a device's message was not taken",
      metadata: [
        "reason": "\(rejected.reason.rawValue)", "error": "\(rejected.detail.prefix(200))",
        "topic": "\(topic.prefix(Self.maximumTopicCharacters))", "like_it_before": "\(suppressed)",
      ])
  }
}
