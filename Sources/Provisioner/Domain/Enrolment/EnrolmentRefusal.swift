package import Foundations

/// Why a device is not let in. The operator's log has the case; the device is told what ``failure(serial:)`` says.
package enum EnrolmentRefusal: Error, Sendable, Equatable {
  case unknownCredential
  case claimExpired(ClaimID)
  case claimRevoked(ClaimID)
  case claimExhausted(ClaimID, count: Int)
  case serialNotAllowed(ClaimID)
  /// A device with that serial number is named beforehand, and must come with its own secret or key.
  case serialRegistered
  /// A device with another key has that serial number.
  case serialTaken
  /// The text is no serial number, but what makers leave in its place.
  case serialPlaceholder
  case keyTaken
  case deviceRevoked(DeviceID)

  /// The refusal's name in the operator's log.
  package var reason: String {
    switch self {
    case .unknownCredential: "unknown-credential"
    case .claimExpired: "claim-expired"
    case .claimRevoked: "claim-revoked"
    case .claimExhausted: "claim-exhausted"
    case .serialNotAllowed: "serial-not-allowed"
    case .serialRegistered: "serial-registered"
    case .serialTaken: "serial-taken"
    case .serialPlaceholder: "serial-placeholder"
    case .keyTaken: "key-taken"
    case .deviceRevoked: "device-revoked"
    }
  }

  /// The claim that it presented, where that is what the refusal is about.
  package var claim: ClaimID? {
    switch self {
    case .claimExpired(let id), .claimRevoked(let id), .claimExhausted(let id, _), .serialNotAllowed(let id): id
    default: nil
    }
  }

  /// What the device is told.
  package func failure(serial: String) -> RequestFailure {
    switch self {
    case .unknownCredential, .claimExpired, .claimRevoked: .claimRefused
    case .claimExhausted(_, let count): .claimExhausted(count: count)
    case .serialNotAllowed:
      RequestFailure(
        .permissionDenied, reason: reason,
        message: "the claim is not for serial number \(serial): ask the operator for one that is")
    case .serialRegistered:
      RequestFailure(
        .permissionDenied, reason: reason,
        message: "serial number \(serial) is registered beforehand: enrol with the secret or the key of that device")
    case .serialTaken:
      RequestFailure(
        .conflict, reason: reason,
        message:
          "another board has serial number \(serial). If that one is in use, give this one a serial number of its "
          + "own (xtblish-device enroll --serial). Only if that one is gone for good: xtblish-provisioner devices reset "
          + "\(serial), which ends the other board's certificates")
    case .serialPlaceholder: .serialPlaceholder(serial)
    case .keyTaken:
      RequestFailure(
        .conflict, reason: reason,
        message:
          "the key is that of a device with another serial number, or of one that was reset. If this is that board, "
          + "enrol with the serial number that it had (xtblish-device enroll --serial); if it was reset, the operator can "
          + "let it back in with: xtblish-registry devices recommission DEVICE. Otherwise enrol with a new key")
    case .deviceRevoked:
      RequestFailure(
        .permissionDenied, reason: reason,
        message:
          "the device with serial number \(serial) is revoked; if its board may come back, the operator can let it "
          + "in with: xtblish-registry devices recommission DEVICE; another board in its place with: xtblish-provisioner "
          + "devices reset \(serial)")
    }
  }
}
