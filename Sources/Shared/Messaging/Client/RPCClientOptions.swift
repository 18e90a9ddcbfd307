/// The bounds and rhythms of a client; `standard` is what programs use.
package struct RPCClientOptions: Sendable {
  /// The defaults below.
  package static let standard = RPCClientOptions()

  /// Requests that may be under way at once. Further ones are refused as `overloaded`.
  package var outstandingRequests = 4096

  /// How often each server is asked for a sign of life while requests are made.
  package var heartbeatInterval: Duration = .milliseconds(400)

  /// The same once no request was begun for ``idleAfter``: each sign of life costs both sides a few wake-ups. The next
  /// request makes it ``heartbeatInterval`` at once.
  package var idleHeartbeatInterval: Duration = .seconds(4)

  /// How long after the last request was begun a client counts as idle, however long that one waits for its answer.
  package var idleAfter: Duration = .seconds(6)

  /// A server that leaves so many heartbeats unanswered is taken for dead when the next is due: with 3 and 400 ms
  /// at most 1.6 s after a request was begun.
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
