package import FirmwareImage
package import FoundationEssentials

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
}
