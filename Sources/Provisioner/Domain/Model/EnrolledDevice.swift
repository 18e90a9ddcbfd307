package import Foundations

/// A device that has an identity: its `id` at the Registry, its `serial` number among those of its `product` (empty:
/// none), its `name`, how it proves itself (`access`) and how far it has come (`state`).
package struct EnrolledDevice: Sendable, Equatable {
  /// How the device proves who it is.
  package enum Access: Sendable, Equatable {
    case certificate(publicKeyHash: [UInt8])
    /// By a bearer token, which may be replaced until it was used.
    case pollingToken(isUsed: Bool)
    /// By nothing; only where the service runs without certificates.
    case none
  }

  /// How far the device has come.
  package enum State: String, Sendable, CaseIterable {
    /// Registered beforehand, and not enrolled yet.
    case waiting
    /// The Registry may not know it yet.
    case reserved
    /// The Registry knows it.
    case enrolled
    /// Its certificates were taken back.
    case revoked
    /// It lost its serial number, under which another may enrol.
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

/// A `serial` number among those of its `product`: two products may have the same serial numbers.
package struct SerialKey: Hashable, Sendable {
  package var product: String
  package var serial: String

  package init(product: String, serial: String) {
    self.product = product
    self.serial = serial
  }
}
