/// The time of day, which may jump; for people and logs only.
package struct WallClock: Sendable, Hashable {
  /// Since 1970.
  package var nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
}
