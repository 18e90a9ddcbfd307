import FirmwareImage
package import Foundations

/// Why a device's identity can't be used, or none can be made.
package enum IdentityError: Error, Sendable, Equatable, CustomStringConvertible {
  case notEnrolled(directory: String)
  case alreadyEnrolled(DeviceID, directory: String)
  case unreadable(String)
  /// The files and the fuses don't fit together.
  case inconsistent(String)
  case plain(directory: String)

  package var description: String {
    switch self {
    case .notEnrolled(let directory):
      """
      \(directory) holds no identity: this device is not enrolled. Make a claim with \
      "xtblish-provisioner claim create", then run \
      "xtblish-device enroll --directory \(directory) --claim-file FILE --provisioner URL"
      """
    case .alreadyEnrolled(let device, let directory):
      """
      \(directory) is enrolled already, as device \(device). To give it a new identity, run enroll with --replace; \
      what it ran before is not touched
      """
    case .unreadable(let reason):
      "the identity can't be used: \(reason). Enrol again with --replace"
    case .inconsistent(let reason):
      """
      the identity can't be used: \(reason). Files of another device may have been copied here; restore this one's, or \
      enrol again with --replace
      """
    case .plain(let directory):
      """
      \(directory) holds an identity without a certificate, which anybody can pass for. Enrol again with --replace and an \
      https URL; or, for a test on one machine, set XTBLISH_INSECURE=true
      """
    }
  }
}
