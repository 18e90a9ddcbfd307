/// Limits a rate: so many at once (`burst`), and so many a second over time. Callers pass the time in, in monotonic
/// nanoseconds.
package struct TokenBucket {
  private let capacity: Double
  private let perNanosecond: Double
  private var tokens: Double
  /// Monotonic nanoseconds.
  private var filledAt: UInt64

  package init(perSecond: Int, burst: Int, now: UInt64) {
    capacity = Double(max(1, burst))
    perNanosecond = Double(max(0, perSecond)) / 1e9
    tokens = capacity
    filledAt = now
  }

  /// Takes tokens out; false, and nothing is taken, if there are too few.
  package mutating func take(_ count: Int = 1, now: UInt64) -> Bool {
    if now > filledAt {
      tokens = min(capacity, tokens + Double(now - filledAt) * perNanosecond)
      filledAt = now
    }
    guard tokens >= Double(count) else { return false }
    tokens -= Double(count)
    return true
  }
}
