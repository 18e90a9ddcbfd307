package import Foundations

/// That the certificates of a `device` are to be taken back, which the Provisioner must still be told: the `reason`,
/// in an operator's words, and the `requester` who took the device out of service.
package struct PendingRevocation: Sendable, Equatable {
  package var device: DeviceID
  package var reason: String
  package var requester: Requester
  /// How often telling was begun, this time included.
  package var attempts: UInt64

  package init(device: DeviceID, reason: String, requester: Requester, attempts: UInt64) {
    self.device = device
    self.reason = reason
    self.requester = requester
    self.attempts = attempts
  }
}
