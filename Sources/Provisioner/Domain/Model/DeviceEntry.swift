package import FoundationEssentials
package import Foundations

/// A device as lists show it, enrolled or only registered beforehand.
///
/// `serial` is unique within its `product` (empty: none); `group` is empty for none. `createdAt` is when the device
/// was registered or first enrolled, `enrolledAt` when its enrolment was complete (nil: it is not), and
/// `otpReportedAt` when it last said what its fuses hold (nil: never). `state` says how far it has come, and `name` is
/// what people call it.
package struct DeviceEntry: Sendable, Equatable {
  /// The device's ID; nil while the device is only registered beforehand.
  package var id: DeviceID?
  package var serial: String
  package var product: String
  package var group: String
  package var name: String
  package var state: EnrolledDevice.State
  /// How the device proves who it is: `certificate`, `polling-token` or `none`.
  package var access: String
  /// The SHA-256 of the device's SubjectPublicKeyInfo; nil for a device without a key.
  package var publicKeyHash: [UInt8]?
  package var createdAt: Date
  package var enrolledAt: Date?
  package var otpReportedAt: Date?
  /// What the device's fuses hold otherwise than it was told, a line each.
  package var otpDifferences: [String]

  package init(
    id: DeviceID?, serial: String, product: String, group: String, name: String, state: EnrolledDevice.State,
    access: String, publicKeyHash: [UInt8]?, createdAt: Date, enrolledAt: Date?, otpReportedAt: Date?,
    otpDifferences: [String]
  ) {
    self.id = id
    self.serial = serial
    self.product = product
    self.group = group
    self.name = name
    self.state = state
    self.access = access
    self.publicKeyHash = publicKeyHash
    self.createdAt = createdAt
    self.enrolledAt = enrolledAt
    self.otpReportedAt = otpReportedAt
    self.otpDifferences = otpDifferences
  }
}
