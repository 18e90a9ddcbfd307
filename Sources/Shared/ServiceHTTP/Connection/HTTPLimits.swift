package import ServiceKit

/// What a server takes from its clients at most.
package struct HTTPLimits: Sendable {
  /// For routes that don't say otherwise, in bytes.
  package var maximumBodyBytes: Int
  /// For the headers together, and for the request's target, in bytes.
  package var maximumHeaderBytes: Int
  package var maximumHeaderFields: Int
  package var maximumTargetBytes: Int
  /// How long a connection may be without a request between two of them.
  package var idleTimeout: Duration
  /// How long the first request of a connection may be waited for, and how long the head of any may take.
  package var headTimeout: Duration
  /// How long a client may take to agree on TLS.
  package var handshakeTimeout: Duration
  /// A body that arrives more slowly than this, over `slownessWindow` that the server waited for it, is given up.
  package var minimumBodyBytesPerSecond: Int
  package var slownessWindow: Duration
  /// A client that takes nothing of a response for so long is cut.
  package var writeTimeout: Duration
  /// Of all clients together. When they are there, those that wait for nothing and have shown no credentials give way to
  /// new ones; if there are none, new ones get 503.
  package var maximumConnections: Int
  /// Of one address (of IPv6 its first 64 bits), without those that have shown credentials.
  package var connectionsPerAddress: Int

  package init(
    maximumBodyBytes: Int = 1 << 20, maximumHeaderBytes: Int = 16 << 10, maximumHeaderFields: Int = 100,
    maximumTargetBytes: Int = 8 << 10, idleTimeout: Duration = .seconds(60),
    headTimeout: Duration = .seconds(10), handshakeTimeout: Duration = .seconds(10),
    minimumBodyBytesPerSecond: Int = 1_024,
    slownessWindow: Duration = .seconds(15), writeTimeout: Duration = .seconds(60), maximumConnections: Int = 4_096,
    connectionsPerAddress: Int = 1_024
  ) {
    self.maximumBodyBytes = maximumBodyBytes
    self.maximumHeaderBytes = maximumHeaderBytes
    self.maximumHeaderFields = maximumHeaderFields
    self.maximumTargetBytes = maximumTargetBytes
    self.idleTimeout = idleTimeout
    self.headTimeout = headTimeout
    self.handshakeTimeout = handshakeTimeout
    self.minimumBodyBytesPerSecond = minimumBodyBytesPerSecond
    self.slownessWindow = slownessWindow
    self.writeTimeout = writeTimeout
    self.maximumConnections = maximumConnections
    self.connectionsPerAddress = connectionsPerAddress
  }

  package static let standard = HTTPLimits()

  /// These limits with the numbers of connections that an operator chose.
  package func with(_ settings: HTTPSettings) -> HTTPLimits {
    var limits = self
    limits.maximumConnections = settings.maximumConnections
    limits.connectionsPerAddress = settings.connectionsPerAddress
    return limits
  }
}
