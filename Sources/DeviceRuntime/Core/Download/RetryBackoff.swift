/// Pauses between attempts: each may be twice as long as the one before, and a random part of it is left out, so that
/// a fleet that lost the same server does not come back at one moment.
package struct RetryBackoff: Sendable {
  private let first: Duration
  private let limit: Duration
  private var current: Duration

  package init(first: Duration, limit: Duration) {
    self.first = first
    self.limit = limit
    current = first
  }

  /// Between half and all of the current pause.
  package mutating func next() -> Duration {
    let pause = current * Double.random(in: 0.5...1)
    current = min(current * 2, limit)
    return pause
  }

  package mutating func reset() { current = first }
}
