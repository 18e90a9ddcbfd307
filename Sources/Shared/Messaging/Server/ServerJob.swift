import Foundations

/// A request that a server accepted. It is handed about too often to be copied each time.
final class ServerJob: Sendable {
  let route: RPCServer.Route
  let peer: PeerID
  let received: ContinuousClock.Instant
  let deadline: ContinuousClock.Instant
  private let frame: [UInt8]
  private let payloadRange: Range<Int>
  private let correlationRange: Range<Int>
  private let traceRange: Range<Int>
  private let requestIDRange: Range<Int>

  init(
    _ frame: [UInt8], _ fields: EnvelopeFields, route: RPCServer.Route, peer: PeerID,
    received: ContinuousClock.Instant, deadline: ContinuousClock.Instant
  ) {
    self.frame = frame
    payloadRange = fields.payload
    correlationRange = fields.correlationID
    traceRange = fields.traceParent
    requestIDRange = fields.requestID
    self.route = route
    self.peer = peer
    self.received = received
    self.deadline = deadline
  }

  var kind: String { route.kind }
  var payload: ArraySlice<UInt8> { frame[payloadRange] }
  var correlationID: ArraySlice<UInt8> { frame[correlationRange] }

  /// W3C trace context, or empty.
  var traceParent: String { String(decoding: frame[traceRange], as: UTF8.self) }

  /// The part of the client's trace that handling the request is; nil if the client is in none.
  func makeTrace() -> TraceContext? {
    guard !traceRange.isEmpty else { return nil }
    return TraceContext(traceParent, requestID: String(decoding: frame[requestIDRange], as: UTF8.self))?.child()
  }
}
