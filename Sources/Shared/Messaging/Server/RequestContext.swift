/// What a handler knows of the request besides its message.
package struct RequestContext: Sendable {
  private let job: ServerJob

  init(_ job: ServerJob) { self.job = job }

  /// When the answer is due. At that moment the handler's task is cancelled and the client is told.
  package var deadline: ContinuousClock.Instant { job.deadline }

  /// The client's name for the request, which differs from that of any other it has under way.
  package var correlationID: [UInt8] { Array(job.correlationID) }

  /// The W3C trace context (`traceparent`) that the client sent; empty if it sent none. `TraceContext.current` is the
  /// part of that trace that the handler is.
  package var traceParent: String { job.traceParent }

  /// The full name of the request message.
  package var kind: String { job.kind }

  /// Who sent it; nil on a bus without keys.
  package var peer: BusPeer? { job.peer.identity }

  /// Time left until the deadline, not negative.
  package var remaining: Duration { max(deadline - .now, .zero) }
}
