import Synchronization

/// Bounds how often one address may fail to say who makes its requests.
package final class AttemptLimiter: Sendable {
  private struct Failures {
    var count: Int
    /// When they are forgotten.
    var until: ContinuousClock.Instant
  }

  private let attempts: Int
  private let window: Duration
  private let capacity: Int
  private let failures = Mutex<[String: Failures]>([:])

  /// - Parameters:
  ///   - attempts: how many may fail within `window`, counted from the first of them.
  ///   - capacity: how many addresses are remembered; of more, those that failed longest ago are forgotten.
  package init(attempts: Int = 10, window: Duration = .seconds(60), capacity: Int = 16_384) {
    self.attempts = attempts
    self.window = window
    self.capacity = capacity
  }

  /// How long the address must wait, or nil if it need not.
  package func wait(of source: String, now: ContinuousClock.Instant = .now) -> Duration? {
    failures.withLock { failures in
      guard let entry = failures[AddressKey.of(source)], entry.until > now, entry.count >= attempts else { return nil }
      return entry.until - now
    }
  }

  /// Counts a failure of the address. The first one starts the window.
  package func failed(_ source: String, now: ContinuousClock.Instant = .now) {
    failures.withLock { failures in
      let key = AddressKey.of(source)
      if var entry = failures[key], entry.until > now {
        entry.count += 1
        failures[key] = entry
        return
      }
      failures[key] = Failures(count: 1, until: now + window)
      if failures.count > capacity { Self.evict(&failures, now) }
    }
  }

  /// The reason in the answer to a request that was not looked at because too many before it failed.
  package static let reason = "too-many-failed-attempts"

  var count: Int { failures.withLock { $0.count } }

  /// Drops what has run out, and the older half of the rest, so that looking for it is paid once in many failures.
  private static func evict(_ failures: inout [String: Failures], _ now: ContinuousClock.Instant) {
    let ends = failures.values.map(\.until).sorted()
    let oldestKept = max(now, ends[ends.count / 2])
    failures = failures.filter { $0.value.until >= oldestKept }
  }
}
