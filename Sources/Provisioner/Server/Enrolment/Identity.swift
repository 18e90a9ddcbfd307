package import Foundations
package import ProvisionerDomain

/// What a device becomes: all that it needs, in one answer. `device` is its ID, `name` what people call it, and
/// `endpoints` say where it finds the services.
package struct Identity: Sendable, Equatable {
  package var device: DeviceID
  package var name: String
  package var endpoints: DeviceEndpoints
  /// PEM: the device's certificate, and the intermediates above it; nil: it gets no certificate.
  package var certificateChain: String?
  /// PEM: the roots that the device trusts; nil: it gets no certificate.
  package var trustRoots: String?
  /// The root document that the device begins with, as it was signed; nil: it gets none.
  package var rootDocument: [UInt8]?
  /// What the device burns into its fuses; nil: nothing.
  package var otp: OTPAssignment?
  /// The bearer token of a device that asked for one; shown this once.
  package var pollingToken: SecretText?
}
