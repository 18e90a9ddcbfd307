/// What a server takes from its clients at most.
package struct HTTPLimits: Sendable {
  /// For routes that don't say otherwise, in bytes.
  package var maximumBodyBytes: Int
  /// For the headers together, and for the request's target, in bytes.
  package var maximumHeaderBytes: Int
  package var maximumHeaderFields: Int
  package var maximumTargetBytes: Int
  /// How long a connection may be without a whole request, and how long a request's headers may take.
  package var idleTimeout: Duration
  /// How long a client may take to agree on TLS.
  package var handshakeTimeout: Duration
  /// A body that arrives more slowly than this, over `slownessWindow` that the server waited for it, is given up.
  package var minimumBodyBytesPerSecond: Int
  package var slownessWindow: Duration
  /// A client that takes nothing of a response for so long is cut.
  package var writeTimeout: Duration
  /// More connections get 503; far more are not accepted.
  package var maximumConnections: Int

  package init(
    maximumBodyBytes: Int = 1 << 20, maximumHeaderBytes: Int = 16 << 10, maximumHeaderFields: Int = 100,
    maximumTargetBytes: Int = 8 << 10, idleTimeout: Duration = .seconds(60),
    handshakeTimeout: Duration = .seconds(10), minimumBodyBytesPerSecond: Int = 1_024,
    slownessWindow: Duration = .seconds(15), writeTimeout: Duration = .seconds(60), maximumConnections: Int = 4_096
  ) {
    self.maximumBodyBytes = maximumBodyBytes
    self.maximumHeaderBytes = maximumHeaderBytes
    self.maximumHeaderFields = maximumHeaderFields
    self.maximumTargetBytes = maximumTargetBytes
    self.idleTimeout = idleTimeout
    self.handshakeTimeout = handshakeTimeout
    self.minimumBodyBytesPerSecond = minimumBodyBytesPerSecond
    self.slownessWindow = slownessWindow
    self.writeTimeout = writeTimeout
    self.maximumConnections = maximumConnections
  }

  package static let standard = HTTPLimits()
}
