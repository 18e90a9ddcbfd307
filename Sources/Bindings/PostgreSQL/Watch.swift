/// How long one operation may go on, and how it ends early.
///
/// An operation that is interrupted asks the server to cancel and then waits for the server's
/// answer, because only that leaves the connection usable; a server that gives none in time costs
/// the connection.
struct Watch {
  /// Whether the operation still runs, or waits for the server's answer to a cancel request.
  enum Phase {
    case running
    case cancelling(reason: PostgresError, giveUpAt: ContinuousClock.Instant)
  }

  /// What the server gets to answer a cancel request.
  static let cancellationGrace: Duration = .seconds(5)

  let deadline: ContinuousClock.Instant
  let interrupt: Interrupt
  private(set) var phase = Phase.running

  init(deadline: ContinuousClock.Instant, interrupt: Interrupt) {
    self.deadline = deadline
    self.interrupt = interrupt
  }

  /// What whoever waits for the server is to do.
  enum Verdict {
    case goOn(until: ContinuousClock.Instant)
    case requestCancel(giveUpAt: ContinuousClock.Instant)
    case giveUp(PostgresError)
  }

  /// Why the operation has been interrupted, if it has.
  var interruption: PostgresError? {
    if case .cancelling(let reason, _) = phase { reason } else { nil }
  }

  /// What is to be done at this moment; asked before each wait.
  mutating func check(now: ContinuousClock.Instant) -> Verdict {
    switch phase {
    case .running:
      let reason: PostgresError
      if interrupt.isTriggered {
        reason = PostgresError(.cancelled, "the database statement was cancelled")
      } else if now >= deadline {
        reason = PostgresError(.deadlineExceeded, "the database did not answer before the deadline")
      } else {
        return .goOn(until: deadline)
      }
      let giveUpAt = now + Self.cancellationGrace
      phase = .cancelling(reason: reason, giveUpAt: giveUpAt)
      return .requestCancel(giveUpAt: giveUpAt)
    case .cancelling(let reason, let giveUpAt):
      return now >= giveUpAt ? .giveUp(reason) : .goOn(until: giveUpAt)
    }
  }
}
