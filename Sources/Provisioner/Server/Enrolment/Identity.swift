package import Foundations
package import ProvisionerDomain

/// What a device becomes: all that it needs, in one answer.
package struct Identity: Sendable, Equatable {
  package var device: DeviceID
  package var name: String
  package var endpoints: DeviceEndpoints
  /// PEM: the device's certificate, and the intermediates above it.
  package var certificateChain: String?
  /// PEM: the roots that it trusts.
  package var trustRoots: String?
  /// As signed.
  package var rootDocument: [UInt8]?
  package var otp: OTPAssignment?
  /// Shown this once.
  package var pollingToken: SecretText?
}
