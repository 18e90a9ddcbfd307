import FirmwareImage
package import Foundations

/// What the Provisioner must still be told.
package struct PendingRevocation: Sendable, Equatable {
  package var device: DeviceID
  package var reason: String
  package var requester: Requester
  /// This one included.
  package var attempts: UInt64

  package init(device: DeviceID, reason: String, requester: Requester, attempts: UInt64) {
    self.device = device
    self.reason = reason
    self.requester = requester
    self.attempts = attempts
  }
}
