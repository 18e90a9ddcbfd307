/// How many items are sent at once to a receiver that may be too slow for all of them: half as many after each
/// failure, down to one, and twice as many after each success, up to `maximum`.
package struct BatchSize: Sendable, Equatable {
  package let maximum: Int
  /// How many items to send next.
  package private(set) var current: Int

  package init(maximum: Int) {
    self.maximum = max(1, maximum)
    current = self.maximum
  }

  /// To be called after a failure.
  ///
  /// - Parameter count: how many items failed together.
  package mutating func shrink(after count: Int) {
    current = max(1, min(current, count) / 2)
  }

  /// To be called after a success.
  ///
  /// - Parameter count: how many items went through together. A small batch says nothing about larger ones.
  package mutating func grow(after count: Int) {
    if count >= current { current = min(maximum, current * 2) }
  }
}
