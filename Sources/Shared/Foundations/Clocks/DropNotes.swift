/// Counts what was dropped, and decides when that is told: at once, and then at most every ten seconds.
package struct DropNotes {
  private static let intervalNanoseconds: UInt64 = 10_000_000_000

  private var dropped: UInt64 = 0
  private var toldAt: UInt64?

  package init() {}

  /// How many were dropped and not told yet, if it is time to tell.
  package mutating func add(now: UInt64) -> UInt64? {
    dropped += 1
    if let toldAt, now < toldAt + Self.intervalNanoseconds { return nil }
    toldAt = now
    defer { dropped = 0 }
    return dropped
  }
}
