import Foundations
import PostgreSQL
import Wire

/// The answers of the Provisioner to what it can't do, the same over HTTP and on the bus.
extension WireFailure {
  static func invalidField(_ field: String, _ problem: String) -> WireFailure {
    WireFailure(.invalid, reason: "invalid-\(field)", message: "\(field) \(problem)")
  }

  static func unknownClaim(_ id: ClaimID) -> WireFailure {
    WireFailure(
      .notFound, reason: "unknown-claim", message: "there is no claim \(id): list the claims to see which there are")
  }

  static func serialPlaceholder(_ serial: String) -> WireFailure {
    WireFailure(
      .invalid, reason: "serial-placeholder",
      message:
        "\(serial) is what makers leave where a serial number should be, and other boards have it too: give this "
        + "board one of its own, from its label for example (xtblish-device enroll --serial); boards that have enrolled "
        + "need nothing")
  }

  /// One answer for claims that never were, that expired and that were revoked: a guesser learns
  /// nothing from it. The operator's log has the reason.
  static var claimRefused: WireFailure {
    WireFailure(
      .permissionDenied, reason: "claim-refused",
      message: "the claim is unknown, expired or revoked: check it, or ask the operator for a new one")
  }

  static func claimExhausted(count: Int) -> WireFailure {
    WireFailure(
      .conflict, reason: "claim-exhausted",
      message: "all \(count) uses of the claim are taken by other devices: ask the operator for a new one")
  }

  static var registryRefused: WireFailure {
    WireFailure(
      .internal, reason: "registry-refused",
      message: "the Registry refused the device: ask the operator to look at the log")
  }

  static var noTrustAnchors: WireFailure {
    WireFailure(
      .unavailable, reason: "no-root-document",
      message:
        "the Registry has no director key or no root document yet, which a device must trust: the operator makes "
        + "them with xtblish-registry root init and root publish; repeat the same request then",
      retryAfterMilliseconds: 5000)
  }

  static var tooManyEnrolments: WireFailure {
    WireFailure(
      .overloaded, reason: "too-many-enrolments",
      message: "too many devices enrol at this moment: repeat the same request later", retryAfterMilliseconds: 2000)
  }

  static var shuttingDown: WireFailure {
    WireFailure(
      .unavailable, reason: "shutting-down",
      message: "the Provisioner is about to end: repeat the same request, at another replica if there is one",
      retryAfterMilliseconds: 1000)
  }

  static func unknownDevice(_ id: DeviceID) -> WireFailure {
    WireFailure(
      .notFound, reason: "unknown-device",
      message: "device \(id) has not enrolled here: enrol it again, or ask the operator where it did")
  }

  static func unknownSerial(_ serial: String) -> WireFailure {
    WireFailure(
      .notFound, reason: "unknown-serial",
      message: "no device has serial number \(serial) and that product: list them with xtblish-provisioner devices list"
    )
  }

  static func serialRegistered(_ serial: String) -> WireFailure {
    WireFailure(
      .conflict, reason: "serial-registered",
      message: "serial number \(serial), the key or the product's device is registered already: unregister it first")
  }

  static var registryUnavailable: WireFailure {
    WireFailure(
      .unavailable, reason: "registry-unavailable",
      message: "the Registry can't be reached; the enrolment is kept: repeat the same request for the same identity",
      retryAfterMilliseconds: 2000)
  }

  /// Nil for errors that a repeat would not mend.
  init?(_ error: PostgresError) {
    if error.isReadOnly {
      self.init(
        .unavailable, reason: "database-read-only",
        message: "the database takes no changes at this moment, as during a failover: try again shortly",
        retryAfterMilliseconds: 1000)
      return
    }
    guard error.isTransient || error.kind == .poolClosed else { return nil }
    self.init(
      error.kind == .poolExhausted ? .overloaded : .unavailable, reason: "database-unavailable",
      message: "the database is busy or can't be reached: try again later", retryAfterMilliseconds: 1000)
  }
}
