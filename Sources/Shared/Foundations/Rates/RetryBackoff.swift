/// Pauses between attempts: each twice as long as the one before up to a bound, and a random part of it is left out, so
/// that what failed together is not tried again together. There is no last attempt.
package struct RetryBackoff: Sendable, Equatable {
  /// The full pause after the first failure.
  package var first: Duration
  /// The longest full pause, however many failures there were.
  package var longest: Duration
  /// Pauses that `next` gave since the start or the last `reset`.
  private var given: UInt64 = 0

  package init(first: Duration = .milliseconds(200), longest: Duration) {
    self.first = first
    self.longest = longest
  }

  /// The pause after an attempt, for callers who count attempts themselves.
  ///
  /// - Parameters:
  ///   - attempts: made so far, from 1.
  ///   - fraction: a random number in 0…1.
  /// - Returns: between half of the full pause and all of it.
  package func delay(attempts: UInt64, fraction: Double) -> Duration {
    // Beyond this doubling the bound is reached for any sensible setting, and the shift stays defined.
    let doublings = Int(min(max(attempts, 1) - 1, 20))
    let full = min(first * (1 << doublings), longest)
    return full * (0.5 + 0.5 * min(max(fraction, 0), 1))
  }

  /// The pause after one more failure.
  package mutating func next() -> Duration {
    given += 1
    return delay(attempts: given, fraction: .random(in: 0...1))
  }

  /// Starts anew with a short pause, because something went well.
  package mutating func reset() { given = 0 }
}
