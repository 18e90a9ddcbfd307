/// Decides which log lines pass: a token bucket of `burst` lines that fills with `perSecond`. Holds no clock.
struct LogLimiter {
  enum Verdict: Equatable {
    /// `droppedBefore`: so many lines were dropped, which nobody was told yet.
    case pass(droppedBefore: UInt64)
    /// `isNews`: nobody was told lately that lines are dropped.
    case drop(isNews: Bool)
  }

  /// A flood of lines is not to become a flood of notes about it.
  static let noteIntervalNanoseconds: UInt64 = 10_000_000_000

  private let burst: Double
  private let perNanosecond: Double
  private var tokens: Double
  private var filledAt: UInt64
  private var notedAt: UInt64?
  /// Since the last note.
  private(set) var dropped: UInt64 = 0

  init(perSecond: Int, burst: Int, now: UInt64) {
    self.burst = Double(max(1, burst))
    perNanosecond = Double(max(0, perSecond)) / 1e9
    tokens = self.burst
    filledAt = now
  }

  mutating func next(now: UInt64) -> Verdict {
    if now > filledAt {
      tokens = min(burst, tokens + Double(now - filledAt) * perNanosecond)
      filledAt = now
    }
    let mayNote = notedAt.map { now >= $0 + Self.noteIntervalNanoseconds } ?? true
    guard tokens >= 1 else {
      dropped += 1
      let isNews = dropped == 1 && mayNote
      if isNews { notedAt = now }
      return .drop(isNews: isNews)
    }
    tokens -= 1
    guard dropped > 0, mayNote else { return .pass(droppedBefore: 0) }
    defer { dropped = 0 }
    notedAt = now
    return .pass(droppedBefore: dropped)
  }
}
