/// What a handler knows of the request beside its message.
package struct RequestContext: Sendable {
  private let job: ServerJob

  init(_ job: ServerJob) { self.job = job }

  /// When the answer is due. At it, the handler's task is cancelled and the client told.
  package var deadline: ContinuousClock.Instant { job.deadline }

  /// The client's name for the request, unlike that of any other it has under way.
  package var correlationID: [UInt8] { Array(job.correlationID) }

  /// W3C trace context, or empty.
  package var traceParent: String { job.traceParent }

  /// Full name of the request message.
  package var kind: String { job.kind }

  /// Who sent it; nil on a bus without keys.
  package var peer: BusPeer? { job.peer.identity }

  /// Time left.
  package var remaining: Duration { max(deadline - .now, .zero) }
}
