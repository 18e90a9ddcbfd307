/// How long to wait before the next attempt to connect.
struct ReconnectBackoff: Sendable {
  private let initial: Duration
  private let maximum: Duration
  private var failures = 0

  init(initial: Duration, maximum: Duration) {
    self.initial = min(initial, maximum)
    self.maximum = maximum
  }

  /// The wait after one more failure.
  ///
  /// - Parameter fraction: random, 0…1.
  mutating func next(fraction: Double) -> Duration {
    // 2^20 times the least wait passes any maximum worth setting.
    let longest = min(maximum, initial * (1 << min(failures, 20)))
    failures += 1
    return longest / 2 + longest / 2 * min(max(fraction, 0), 1)
  }

  /// The wait after a connection that held for `uptime`.
  ///
  /// A broker that accepts and drops, or a second client that takes the session over and over, must
  /// not be met at the shortest wait for ever, so only a connection that held counts as success. Of two machines with one
  /// client ID each holds for as long as the other waits: that one of them held for some seconds says nothing.
  ///
  /// - Parameter wasTakenOver: whether another client came with the same ID.
  mutating func connectionEnded(after uptime: Duration, wasTakenOver: Bool = false) {
    if uptime >= (wasTakenOver ? Self.longHold : .seconds(5)) { failures = 0 }
  }

  private static let longHold = Duration.seconds(600)
}
