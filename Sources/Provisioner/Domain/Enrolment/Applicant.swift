package import Foundations

/// A device that asks for an identity, its proofs checked as far as that goes without the database.
package struct Applicant: Sendable {
  /// What lets it in.
  package enum Credential: Sendable, Equatable {
    /// Of a claim, or of one registered device.
    case secret(hash: [UInt8])
    /// The key of a registered device, which signed the request.
    case registeredKey
    case factory(FactoryAuthority)
  }

  /// What the device will prove its identity with.
  package enum Proof: Sendable, Equatable {
    case key(hash: [UInt8])
    case pollingToken(hash: [UInt8])
    case none

    /// Of its key; nil for a device that asks for no certificate.
    package var keyHash: [UInt8]? {
      if case .key(let hash) = self { hash } else { nil }
    }

    /// Of its polling token; nil for a device that has none.
    package var tokenHash: [UInt8]? {
      if case .pollingToken(let hash) = self { hash } else { nil }
    }
  }

  package var credential: Credential
  package var serial: String
  package var proof: Proof
  /// What it is called if it is new.
  package var newID: DeviceID

  package init(credential: Credential, serial: String, proof: Proof, newID: DeviceID) {
    self.credential = credential
    self.serial = serial
    self.proof = proof
    self.newID = newID
  }
}
