/// The bounds of a transport.
package struct TransportOptions: Sendable, Equatable {
  /// The longest frame that is read, in bytes. A peer that sends a longer one is disconnected.
  package var maximumFrameSize = 8 << 20

  /// Frames that may be queued for one peer. Further ones are dropped.
  package var queuedFrames = 16_384

  /// For how long frames may still go out after `close`.
  package var linger: Duration = .seconds(1)

  package init() {}
}

/// Why a transport could not listen on, or connect to, `endpoint`.
package struct TransportError: Error, Equatable, Sendable, CustomStringConvertible {
  package let endpoint: String

  /// What is wrong and what to do.
  package let description: String

  /// Whether another process, or another socket of this one, listens there already.
  package let isAddressInUse: Bool

  package init(endpoint: String, description: String, isAddressInUse: Bool = false) {
    self.endpoint = endpoint
    self.description = description
    self.isAddressInUse = isAddressInUse
  }
}
