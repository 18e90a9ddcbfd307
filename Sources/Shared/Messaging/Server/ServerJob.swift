/// A request that a server accepted.
struct ServerJob: Sendable {
  let handler: RPCRouter.Handler
  let metrics: RequestMetrics
  let payload: ArraySlice<UInt8>
  let correlationID: ArraySlice<UInt8>
  let traceParent: String
  let kind: String
  let peer: PeerID
  let received: ContinuousClock.Instant
  let deadline: ContinuousClock.Instant

  var context: RequestContext {
    RequestContext(
      deadline: deadline, correlationID: Array(correlationID), traceParent: traceParent, kind: kind, peer: peer)
  }
}
