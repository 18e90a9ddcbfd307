/// How many items are sent at once to whoever may be too slow for all of them: half as many after each failure, down to
/// one, and twice as many after each success.
package struct BatchSize: Sendable, Equatable {
  package let maximum: Int
  package private(set) var current: Int

  package init(maximum: Int) {
    self.maximum = max(1, maximum)
    current = self.maximum
  }

  /// - Parameter count: of the items that failed together.
  package mutating func shrink(after count: Int) {
    current = max(1, min(current, count) / 2)
  }

  /// - Parameter count: of the items that went through together. A small batch says nothing of larger ones.
  package mutating func grow(after count: Int) {
    if count >= current { current = min(maximum, current * 2) }
  }
}
