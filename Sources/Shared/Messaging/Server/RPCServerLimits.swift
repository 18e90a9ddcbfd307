/// The bounds of a server.
package struct RPCServerLimits: Sendable {
  package static let standard = RPCServerLimits()

  /// Handlers that run at the same time.
  package var concurrency = 128

  /// Requests that wait for a handler. Further ones are answered `overloaded`.
  package var queuedRequests = 1024

  /// When an `overloaded` client should try again.
  package var retryAfter: Duration = .milliseconds(200)

  /// For requests that say no deadline.
  package var defaultDeadline: Duration = .seconds(30)

  /// For requests that say a longer one.
  package var maximumDeadline: Duration = .seconds(300)

  /// How long running handlers may go on after a graceful shutdown began.
  package var shutdownGrace: Duration = .seconds(10)

  package var transport = TransportOptions()

  package init() {}
}
