/// Lets something that a peer can make happen at will be reported now and then.
struct OccasionalReport {
  private static let interval = Duration.seconds(10)

  private var next: ContinuousClock.Instant?
  private var count = 0

  /// - Returns: how often it happened since the last report, if it is to be reported now.
  mutating func add(now: ContinuousClock.Instant = .now) -> Int? {
    count += 1
    if let next, now < next { return nil }
    next = now + Self.interval
    defer { count = 0 }
    return count
  }
}
