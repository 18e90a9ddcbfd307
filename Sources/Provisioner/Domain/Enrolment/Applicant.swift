package import Foundations

/// A device that asks for an identity, its proofs checked as far as that goes without the database: the `credential`
/// it comes with, its `serial` number, and the `proof` that it will show later.
package struct Applicant: Sendable {
  /// What lets the device in.
  package enum Credential: Sendable, Equatable {
    /// The SHA-256 of the secret that a claim has, or one registered device.
    case secret(hash: [UInt8])
    /// The key of a registered device, which signed the request.
    case registeredKey
    /// A certificate of this factory's CA, whose key signed the request.
    case factory(FactoryAuthority)
  }

  /// What the device will prove its identity with.
  package enum Proof: Sendable, Equatable {
    case key(hash: [UInt8])
    case pollingToken(hash: [UInt8])
    case none

    /// The SHA-256 of the device's key; nil for a device that asks for no certificate.
    package var keyHash: [UInt8]? {
      if case .key(let hash) = self { hash } else { nil }
    }

    /// The SHA-256 of the device's polling token; nil for a device that has none.
    package var tokenHash: [UInt8]? {
      if case .pollingToken(let hash) = self { hash } else { nil }
    }
  }

  package var credential: Credential
  package var serial: String
  package var proof: Proof
  /// The ID that the device gets if it is new.
  package var newID: DeviceID

  package init(credential: Credential, serial: String, proof: Proof, newID: DeviceID) {
    self.credential = credential
    self.serial = serial
    self.proof = proof
    self.newID = newID
  }
}
