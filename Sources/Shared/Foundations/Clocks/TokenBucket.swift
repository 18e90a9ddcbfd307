/// Allows so many things at once, and so many a second over time. Holds no clock.
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

  /// False if there have been too many.
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
