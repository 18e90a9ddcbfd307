package import ServiceKit

/// What a server takes from its clients at most.
package struct HTTPLimits: Sendable {
  /// The longest body, in bytes, for routes that do not set a limit of their own.
  package var maximumBodyBytes: Int
  /// The longest header section, all fields together, in bytes.
  package var maximumHeaderBytes: Int
  /// The most header fields of one request.
  package var maximumHeaderFields: Int
  /// The longest request target (path and query), in bytes.
  package var maximumTargetBytes: Int
  /// How long a connection may be open without a request after it had one.
  package var idleTimeout: Duration
  /// How long a connection may be open before its first request comes, and how long the head of any request may take.
  package var headTimeout: Duration
  /// How long a client may take to agree on TLS.
  package var handshakeTimeout: Duration
  /// The least speed of a body. One that arrives more slowly, over the time that the server waited for it, is given
  /// up; see `slownessWindow`.
  package var minimumBodyBytesPerSecond: Int
  /// Over how much waiting time the speed of a body is measured.
  package var slownessWindow: Duration
  /// A client that takes nothing of a response for so long is disconnected.
  package var writeTimeout: Duration
  /// Connections of all clients together. When there are so many, those that wait for nothing and have shown no
  /// credentials give way to new ones; if there are none, new ones get 503.
  package var maximumConnections: Int
  /// Connections of one address (of IPv6 its first 64 bits), without those that have shown credentials.
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

  /// The defaults of the initializer.
  package static let standard = HTTPLimits()

  /// These limits with the numbers of connections that the operator chose.
  package func with(_ settings: HTTPSettings) -> HTTPLimits {
    var limits = self
    limits.maximumConnections = settings.maximumConnections
    limits.connectionsPerAddress = settings.connectionsPerAddress
    return limits
  }
}
