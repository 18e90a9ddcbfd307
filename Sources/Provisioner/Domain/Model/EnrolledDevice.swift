package import Foundations

/// A device that has an identity.
package struct EnrolledDevice: Sendable, Equatable {
  /// How it proves who it is.
  package enum Access: Sendable, Equatable {
    case certificate(publicKeyHash: [UInt8])
    /// By a bearer token, which may be replaced until it was used.
    case pollingToken(isUsed: Bool)
    /// Only where the service runs without certificates.
    case none
  }

  /// How far it has come.
  package enum State: String, Sendable, CaseIterable {
    /// Registered beforehand, and not enrolled yet.
    case waiting
    /// The Registry may not know it yet.
    case reserved
    case enrolled
    case revoked
    /// Another may enrol under its serial number.
    case reset
  }

  package var id: DeviceID
  package var serial: String
  package var product: String
  package var name: String
  package var access: Access
  package var state: State

  package init(id: DeviceID, serial: String, product: String, name: String, access: Access, state: State) {
    self.id = id
    self.serial = serial
    self.product = product
    self.name = name
    self.access = access
    self.state = state
  }
}

/// A serial number among those of its product.
package struct SerialKey: Hashable, Sendable {
  package var product: String
  package var serial: String

  package init(product: String, serial: String) {
    self.product = product
    self.serial = serial
  }
}
