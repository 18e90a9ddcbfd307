/// A path that devices ask for, with names of its variable parts in braces.
package enum DeviceRoute: String, Sendable, CaseIterable {
  // Image store.
  /// `GET`: an image. See ``FirmwareAddress``.
  case firmware = "/firmware/{device}/{version}"
  /// `GET`, `POST`: whether a version waits, and what became of one, for devices without MQTT.
  case status = "/status"
  /// `GET`: the image that waits.
  case download = "/download"

  // Provisioner.
  /// `POST`: an identity.
  case enrolment = "/v1/enroll"
  /// `POST`: the next certificate.
  case renewal = "/v1/renew"
  /// `POST`: what the fuses hold.
  case fuses = "/v1/otp"
  /// `GET`: the roots that a device verifies servers by, as PEM.
  case trustRoots = "/v1/ca"
  /// `GET`: a root document; `latest` is the newest.
  case rootDocument = "/v1/root-documents/{version}"

  /// The path to a root document.
  package static func path(rootDocument version: UInt64) -> String {
    "\(rootDocument.rawValue.prefix { $0 != "{" })\(version)"
  }
}
