/// A part of a trace that has ended: what somebody did (`name`, `kind`) as which part of which trace (`context`), from its
/// `start` to its `end` by this machine's clock, and what is to be known of it (`attributes`).
package struct TraceSpan: Sendable, Equatable {
  /// How it relates to others. The numbers are OpenTelemetry's.
  package enum Kind: Int32, Sendable {
    case `internal` = 1
    /// Answers a request.
    case server = 2
    /// Sends a message that nobody answers.
    case producer = 4
    /// Takes such a message.
    case consumer = 5
  }

  /// The value of an attribute.
  package enum Value: Sendable, Equatable {
    case text(String)
    case number(Int64)
  }

  package let context: TraceContext
  package let name: String
  package let kind: Kind
  package let start: WallClock
  package let end: WallClock
  package var attributes: [String: Value]
  /// Why it failed; nil if it did not.
  package var failure: String?
  /// The program that did it; nil: this one.
  package var program: String?

  package init(
    _ name: String, _ kind: Kind, in context: TraceContext, from start: WallClock, to end: WallClock,
    attributes: [String: Value] = [:], failure: String? = nil, program: String? = nil
  ) {
    self.name = name
    self.kind = kind
    self.context = context
    self.start = start
    self.end = end
    self.attributes = attributes
    self.failure = failure
    self.program = program
  }

  /// What began at a moment of the monotonic clock and took so long.
  package init(
    _ name: String, _ kind: Kind, in context: TraceContext, since start: ContinuousClock.Instant,
    took duration: Duration, attributes: [String: Value] = [:], failure: String? = nil
  ) {
    let age = (ContinuousClock.now - start).wholeNanoseconds
    let now = WallClock.now.nanoseconds
    let began = now - min(now, age)
    self.init(
      name, kind, in: context, from: WallClock(nanoseconds: began),
      to: WallClock(nanoseconds: began + duration.wholeNanoseconds), attributes: attributes, failure: failure)
  }
}

extension Duration {
  /// 0 for what is negative.
  fileprivate var wholeNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
  }
}
