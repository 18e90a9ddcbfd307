/// The time of day, which may jump. For people and logs only: durations are measured by a monotonic clock.
package struct WallClock: Sendable, Hashable {
  /// Nanoseconds since 1970.
  package var nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
}
