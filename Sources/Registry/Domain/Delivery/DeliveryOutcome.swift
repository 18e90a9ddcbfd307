package import Foundations

/// What the broker made of one notification.
package enum NotificationOutcome: Sendable, Equatable {
  case acknowledged
  /// Acknowledged, with the Notifier's times since it got the request: when the notification was handed to the broker,
  /// and when the broker had it.
  case acknowledgedAfter(published: Duration, acknowledged: Duration)
  /// Not acknowledged, with the reason in the Notifier's words, which may be empty.
  case refused(String)
}

/// What the outbox does with each notification of a batch, given the Notifier's answer: those that the broker has
/// (`acknowledged`) leave it, the others (`postponed`) are tried again.
package struct DeliveryOutcome: Sendable, Equatable {
  /// The notification `key` is to be tried again after `delay`; `error` says for people why it was not acknowledged.
  package struct Postponement: Sendable, Equatable {
    package var key: OutboxEntry.Key
    package var delay: Duration
    package var error: String
  }

  package private(set) var acknowledged: [OutboxEntry.Key] = []
  /// When each that was acknowledged was taken out of the outbox, published and acknowledged, since its version was
  /// assigned; of those of which that is known.
  package private(set) var marks: [OutboxEntry.Key: [DeploymentMark]] = [:]
  package private(set) var postponed: [Postponement] = []

  /// - Parameters:
  ///   - held: how long the entries had been claimed when the Notifier was asked.
  ///   - fraction: a random number in 0…1, for each delay another.
  package init(
    _ batch: [OutboxEntry], answer: Result<[NotificationOutcome], RequestFailure>, held: Duration = .zero,
    backoff: RetryBackoff, fraction: () -> Double
  ) {
    for (index, entry) in batch.enumerated() {
      if let error = Self.error(index, batch.count, answer) {
        let delay = backoff.delay(attempts: entry.attempts, fraction: fraction())
        postponed.append(Postponement(key: entry.key, delay: delay, error: error))
      } else {
        acknowledged.append(entry.key)
        if case .success(let outcomes) = answer {
          marks[entry.key] = Self.marks(of: entry, outcomes[index], asked: entry.sinceAssigned + held)
        }
      }
    }
  }

  private static func marks(
    of entry: OutboxEntry, _ outcome: NotificationOutcome, asked: Duration
  ) -> [DeploymentMark]? {
    guard case .acknowledgedAfter(let published, let acknowledged) = outcome else { return nil }
    return [
      DeploymentMark(DeploymentStep.taken, entry.sinceAssigned),
      DeploymentMark(DeploymentStep.published, asked + published),
      DeploymentMark(DeploymentStep.acknowledged, asked + acknowledged),
    ]
  }

  /// Why a notification must be tried again; nil for what the broker acknowledged. An answer that doesn't fit the
  /// question acknowledges nothing.
  private static func error(
    _ index: Int, _ count: Int, _ answer: Result<[NotificationOutcome], RequestFailure>
  ) -> String? {
    switch answer {
    case .failure(let failure):
      return FieldRules.sanitizedReason("\(failure)")
    case .success(let outcomes):
      guard outcomes.count == count else {
        return "the notifier answered \(outcomes.count) outcomes to \(count) notifications"
      }
      switch outcomes[index] {
      case .acknowledged, .acknowledgedAfter: return nil
      case .refused(let reason): return reason.isEmpty ? "not acknowledged" : FieldRules.sanitizedReason(reason)
      }
    }
  }
}
