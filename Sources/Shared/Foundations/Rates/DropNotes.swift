/// Counts what was dropped, and says when it is time to log that: at once, and then at most every ten seconds.
package struct DropNotes {
  private static let intervalNanoseconds: UInt64 = 10_000_000_000

  private var dropped: UInt64 = 0
  private var toldAt: UInt64?

  package init() {}

  /// Counts one more.
  ///
  /// - Parameter now: monotonic nanoseconds.
  /// - Returns: how many were dropped and not logged yet, if it is time to log; else nil.
  package mutating func add(now: UInt64) -> UInt64? {
    dropped += 1
    if let toldAt, now < toldAt + Self.intervalNanoseconds { return nil }
    toldAt = now
    defer { dropped = 0 }
    return dropped
  }
}
