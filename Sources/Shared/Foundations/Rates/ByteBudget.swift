/// How much may be sent: a bucket of `burstBytes` that fills at a rate of `bytesPerSecond`. Callers pass the time in.
///
/// More than is in the bucket may be taken at once, and the debt is waited for afterwards, since a message is sent
/// whole.
package struct ByteBudget: Sendable {
  private let bytesPerSecond: Double
  private let burstBytes: Double
  private var available: Double
  private var filledAt: ContinuousClock.Instant

  package init(bytesPerSecond: Int, burstBytes: Int, now: ContinuousClock.Instant) {
    self.bytesPerSecond = Double(max(1, bytesPerSecond))
    self.burstBytes = Double(max(1, burstBytes))
    available = self.burstBytes
    filledAt = now
  }

  /// Takes bytes that are sent now out of the bucket.
  ///
  /// - Returns: how long to send nothing after this.
  package mutating func spend(_ bytes: Int, now: ContinuousClock.Instant) -> Duration {
    if now > filledAt {
      available = min(burstBytes, available + (now - filledAt) / .seconds(1) * bytesPerSecond)
      filledAt = now
    }
    available -= Double(bytes)
    return available >= 0 ? .zero : .seconds(-available / bytesPerSecond)
  }
}
