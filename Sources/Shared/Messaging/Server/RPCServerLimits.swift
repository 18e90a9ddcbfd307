/// The bounds of a server; `standard` is what programs use.
package struct RPCServerLimits: Sendable {
  /// The defaults below.
  package static let standard = RPCServerLimits()

  /// Handlers that may run at the same time.
  package var concurrency = 128

  /// Requests that may wait for a handler. Further ones are answered `overloaded`.
  package var queuedRequests = 1024

  /// After how long a client should try again that was answered `overloaded`.
  package var retryAfter: Duration = .milliseconds(200)

  /// The deadline of requests that name none.
  package var defaultDeadline: Duration = .seconds(30)

  /// The deadline of requests that name a longer one.
  package var maximumDeadline: Duration = .seconds(300)

  /// How long running handlers may go on after a graceful shutdown began.
  package var shutdownGrace: Duration = .seconds(10)

  /// The bounds of the connections.
  package var transport = TransportOptions()

  package init() {}
}
