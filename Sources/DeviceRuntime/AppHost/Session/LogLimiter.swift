import Foundations

/// Decides which log lines pass, and when to tell of those that did not. Holds no clock.
struct LogLimiter {
  enum Verdict: Equatable {
    /// `droppedBefore`: so many lines were dropped, which nobody was told yet.
    case pass(droppedBefore: UInt64)
    /// `isNews`: nobody was told lately that lines are dropped.
    case drop(isNews: Bool)
  }

  /// A flood of lines is not to become a flood of notes about it.
  static let noteIntervalNanoseconds: UInt64 = 10_000_000_000

  private var bucket: TokenBucket
  private var notedAt: UInt64?
  /// How many lines were dropped since the last note.
  private(set) var dropped: UInt64 = 0

  init(perSecond: Int, burst: Int, now: UInt64) {
    bucket = TokenBucket(perSecond: perSecond, burst: burst, now: now)
  }

  mutating func next(now: UInt64) -> Verdict {
    let mayNote = notedAt.map { now >= $0 + Self.noteIntervalNanoseconds } ?? true
    guard bucket.take(now: now) else {
      dropped += 1
      let isNews = dropped == 1 && mayNote
      if isNews { notedAt = now }
      return .drop(isNews: isNews)
    }
    guard dropped > 0, mayNote else { return .pass(droppedBefore: 0) }
    defer { dropped = 0 }
    notedAt = now
    return .pass(droppedBefore: dropped)
  }
}
