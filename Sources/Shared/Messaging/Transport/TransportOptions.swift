/// The bounds of a transport.
package struct TransportOptions: Sendable, Equatable {
  /// A peer that sends a longer frame, in bytes, is disconnected.
  package var maximumFrameSize = 8 << 20

  /// Frames queued for one peer before further ones are dropped.
  package var queuedFrames = 16_384

  /// How long frames may still go out after `close`.
  package var linger: Duration = .seconds(1)

  package init() {}
}

/// Why a transport could not listen or connect.
package struct TransportError: Error, Equatable, Sendable, CustomStringConvertible {
  package let endpoint: String

  /// Says what is wrong and what to do.
  package let description: String

  package let isAddressInUse: Bool

  package init(endpoint: String, description: String, isAddressInUse: Bool = false) {
    self.endpoint = endpoint
    self.description = description
    self.isAddressInUse = isAddressInUse
  }
}
