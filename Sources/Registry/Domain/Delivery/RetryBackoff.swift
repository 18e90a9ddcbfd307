/// When to try a notification again that was not acknowledged: soon at first, then ever later up to a
/// bound, with jitter so that what failed together is not repeated together. There is no last attempt.
package struct RetryBackoff: Sendable, Equatable {
  package var first: Duration
  package var longest: Duration

  package init(first: Duration = .milliseconds(200), longest: Duration) {
    self.first = first
    self.longest = longest
  }

  /// - Parameters:
  ///   - attempts: made so far, from 1.
  ///   - fraction: a random number in 0…1.
  /// - Returns: between half of the full delay and all of it.
  package func delay(attempts: UInt64, fraction: Double) -> Duration {
    // Beyond this doubling the bound is reached for any sensible setting, and the shift stays defined.
    let doublings = Int(min(max(attempts, 1) - 1, 20))
    let full = min(first * (1 << doublings), longest)
    return full * (0.5 + 0.5 * min(max(fraction, 0), 1))
  }
}
