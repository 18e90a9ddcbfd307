import Synchronization

/// Bounds how often one address may fail to say who it is.
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
      guard let entry = failures[Self.key(source)], entry.until > now, entry.count >= attempts else { return nil }
      return entry.until - now
    }
  }

  package func failed(_ source: String, now: ContinuousClock.Instant = .now) {
    failures.withLock { failures in
      let key = Self.key(source)
      if var entry = failures[key], entry.until > now {
        entry.count += 1
        failures[key] = entry
        return
      }
      failures[key] = Failures(count: 1, until: now + window)
      if failures.count > capacity { Self.evict(&failures, now) }
    }
  }

  /// What is told of a request that was not looked at because of others before it.
  package static let reason = "too-many-failed-attempts"

  var count: Int { failures.withLock { $0.count } }

  /// Drops what has run out, and the older half of the rest, so that looking for it is paid once in many failures.
  private static func evict(_ failures: inout [String: Failures], _ now: ContinuousClock.Instant) {
    let ends = failures.values.map(\.until).sorted()
    let oldestKept = max(now, ends[ends.count / 2])
    failures = failures.filter { $0.value.until >= oldestKept }
  }

  /// Whoever has one IPv6 address has all those of its first 64 bits. A socket of both kinds writes an IPv4 address as
  /// `::ffff:192.0.2.1`.
  private static func key(_ source: String) -> String {
    guard source.contains(":") else { return source }
    if source.contains("."), let colon = source.lastIndex(of: ":") { return String(source[colon...].dropFirst()) }
    let head = source.split(separator: "%")[0].components(ofIPv6: 4)
    return head.joined(separator: ":")
  }
}

extension Substring {
  /// The first groups of an IPv6 address as it is written, with those that `::` stands for.
  fileprivate func components(ofIPv6 count: Int) -> [Substring] {
    let groups = split(separator: ":", omittingEmptySubsequences: false)
    guard let gap = groups.firstIndex(where: \.isEmpty) else { return Array(groups.prefix(count)) }
    let zeros = Array(repeating: Substring("0"), count: Swift.max(0, count - gap))
    return Array((groups[..<gap] + zeros).prefix(count))
  }
}
