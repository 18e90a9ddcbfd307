package import FoundationEssentials
package import Foundations

/// A device in a list.
package struct DeviceEntry: Sendable, Equatable {
  /// Nil while it is only registered beforehand.
  package var id: DeviceID?
  package var serial: String
  package var product: String
  package var group: String
  package var name: String
  package var state: EnrolledDevice.State
  /// `certificate`, `polling-token` or `none`.
  package var access: String
  package var publicKeyHash: [UInt8]?
  package var createdAt: Date
  package var enrolledAt: Date?
  package var otpReportedAt: Date?
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
