import Foundations

/// A device that asks for an identity, its proofs checked as far as that goes without the database.
struct Applicant: Sendable {
  enum Credential: Sendable, Equatable {
    /// Of a claim, or of one registered device.
    case secret(hash: [UInt8])
    /// The key of a registered device, which signed the request.
    case registeredKey
    case factory(FactoryAuthority)
  }

  /// What the device will prove its identity with.
  enum Proof: Sendable, Equatable {
    case key(hash: [UInt8])
    case pollingToken(hash: [UInt8])
    case none

    var keyHash: [UInt8]? {
      if case .key(let hash) = self { hash } else { nil }
    }

    var tokenHash: [UInt8]? {
      if case .pollingToken(let hash) = self { hash } else { nil }
    }
  }

  var credential: Credential
  var serial: String
  var proof: Proof
  /// What it is called if it is new.
  var newID: DeviceID
}
