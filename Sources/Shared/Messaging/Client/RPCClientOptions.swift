/// The bounds and rhythms of a client; `standard` is what programs use.
package struct RPCClientOptions: Sendable {
  /// The defaults below.
  package static let standard = RPCClientOptions()

  /// Requests that may be under way at once. Further ones are refused as `overloaded`.
  package var outstandingRequests = 4096

  /// How often each server is asked for a sign of life.
  package var heartbeatInterval: Duration = .milliseconds(400)

  /// A server that leaves so many heartbeats unanswered is taken for dead when the next is due: with 3 and 400 ms
  /// after at most 1.6 s.
  package var missedHeartbeats = 3

  /// How often names are resolved again. They also are when a server is lost or about to end. With what a name server
  /// takes to learn of a new server and the time to connect, that one has its first request within 5 s.
  package var resolveInterval: Duration = .seconds(2)

  /// How often one idempotent request is sent at most, so that one that kills its servers does not
  /// kill them all.
  package var attempts = 4

  /// The bounds of the connections.
  package var transport = TransportOptions()

  package init() {}
}
