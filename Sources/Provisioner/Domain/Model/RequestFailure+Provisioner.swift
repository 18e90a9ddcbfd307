package import Foundations

/// The answers of the Provisioner to what it can't do, the same over HTTP and on the bus.
extension RequestFailure {
  /// There is no such claim.
  package static func unknownClaim(_ id: ClaimID) -> RequestFailure {
    RequestFailure(
      .notFound, reason: "unknown-claim", message: "there is no claim \(id): list the claims to see which there are")
  }

  static func serialPlaceholder(_ serial: String) -> RequestFailure {
    RequestFailure(
      .invalid, reason: "serial-placeholder",
      message:
        "\(serial) is what makers leave where a serial number should be, and other boards have it too: give this "
        + "board one of its own, from its label for example (xtblish-device enroll --serial); boards that have enrolled "
        + "need nothing")
  }

  /// The claim lets nobody in. One answer for claims that never were, that expired and that were revoked: a guesser
  /// learns nothing from it. The operator's log has the reason.
  package static var claimRefused: RequestFailure {
    RequestFailure(
      .permissionDenied, reason: "claim-refused",
      message: "the claim is unknown, expired or revoked: check it, or ask the operator for a new one")
  }

  static func claimExhausted(count: Int) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "claim-exhausted",
      message: "all \(count) uses of the claim are taken by other devices: ask the operator for a new one")
  }

  /// The Registry would not make the device, for a reason that is the operator's to see.
  package static var registryRefused: RequestFailure {
    RequestFailure(
      .internal, reason: "registry-refused",
      message: "the Registry refused the device: ask the operator to look at the log")
  }

  /// The device can't be told whom to trust for ever, as the Registry has no key or root document yet.
  package static var noTrustAnchors: RequestFailure {
    RequestFailure(
      .unavailable, reason: "no-root-document",
      message:
        "the Registry has no director key or no root document yet, which a device must trust: the operator makes "
        + "them with xtblish-registry root init and root publish; repeat the same request then",
      retryAfterMilliseconds: 5000)
  }

  /// More devices ask at once than can wait.
  package static var tooManyEnrolments: RequestFailure {
    RequestFailure(
      .overloaded, reason: "too-many-enrolments",
      message: "too many devices enrol at this moment: repeat the same request later", retryAfterMilliseconds: 2000)
  }

  /// The process is about to end.
  package static var shuttingDown: RequestFailure {
    RequestFailure(
      .unavailable, reason: "shutting-down",
      message: "the Provisioner is about to end: repeat the same request, at another replica if there is one",
      retryAfterMilliseconds: 1000)
  }

  /// The device has no identity from here.
  package static func unknownDevice(_ id: DeviceID) -> RequestFailure {
    RequestFailure(
      .notFound, reason: "unknown-device",
      message: "device \(id) has not enrolled here: enrol it again, or ask the operator where it did")
  }

  /// The operator names a board that is not there.
  package static func unknownSerial(_ serial: String) -> RequestFailure {
    RequestFailure(
      .notFound, reason: "unknown-serial",
      message: "no device has serial number \(serial) and that product: list them with xtblish-provisioner devices list"
    )
  }

  /// The operator names a board beforehand that is named already.
  package static func serialRegistered(_ serial: String) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "serial-registered",
      message: "serial number \(serial), the key or the product's device is registered already: unregister it first")
  }

  /// The Registry does not answer: the enrolment is kept, and not finished.
  package static var registryUnavailable: RequestFailure {
    RequestFailure(
      .unavailable, reason: "registry-unavailable",
      message: "the Registry can't be reached; the enrolment is kept: repeat the same request for the same identity",
      retryAfterMilliseconds: 2000)
  }
}
