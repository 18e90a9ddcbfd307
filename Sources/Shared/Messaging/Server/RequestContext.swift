/// What a handler knows of the request beside its message.
package struct RequestContext: Sendable {
  /// When the answer is due. At it, the handler's task is cancelled and the client told.
  package let deadline: ContinuousClock.Instant

  /// The client's name for the request, unlike that of any other it has under way.
  package let correlationID: [UInt8]

  /// W3C trace context, or empty.
  package let traceParent: String

  /// Full name of the request message.
  package let kind: String

  /// The connection that it came on.
  package let peer: PeerID

  package init(
    deadline: ContinuousClock.Instant, correlationID: [UInt8], traceParent: String, kind: String, peer: PeerID
  ) {
    self.deadline = deadline
    self.correlationID = correlationID
    self.traceParent = traceParent
    self.kind = kind
    self.peer = peer
  }

  /// Time left.
  package var remaining: Duration { max(deadline - .now, .zero) }
}
