import Foundations
import TestSupport
import Testing

@Suite(.seated) struct RetryBackoffTests {
  private let backoff = RetryBackoff(first: .milliseconds(200), longest: .seconds(5))

  @Test func itDoublesUpToItsBound() {
    let delays = (1...8).map { backoff.delay(attempts: $0, fraction: 1) }
    #expect(delays.map(\.wholeMicroseconds) == [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5].map { Int64($0 * 1e6) })
    #expect(backoff.delay(attempts: .max, fraction: 1).wholeMicroseconds == 5_000_000)
    #expect(backoff.delay(attempts: 0, fraction: 1).wholeMicroseconds == 200_000)
  }

  @Test func jitterTakesAwayHalfAtMost() {
    let delays = [0, 0.5, -7, 7].map { backoff.delay(attempts: 1, fraction: $0).wholeMicroseconds }
    #expect(delays == [100_000, 150_000, 100_000, 200_000])
  }

  @Test func itCountsFailuresUntilSomethingGoesWell() {
    var backoff = backoff
    for full in [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5] {
      let pause = backoff.next()
      #expect(pause >= .seconds(full / 2) && pause <= .seconds(full))
    }
    backoff.reset()
    #expect(backoff.next() <= .milliseconds(200))
  }
}

extension Duration {
  /// To the nearest: fractions of a time are not exact in its last digits.
  fileprivate var wholeMicroseconds: Int64 { Int64((self / .microseconds(1)).rounded()) }
}
