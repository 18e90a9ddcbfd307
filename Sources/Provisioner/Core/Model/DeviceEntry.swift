package import FoundationEssentials
package import Foundations
import PostgreSQL

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

extension DeviceEntry {
  init(_ row: PostgresRow) throws {
    guard let state = EnrolledDevice.State(rawValue: try row["state"].text) else { throw PostgresError.unknownForm }
    let key = try row["public_key_hash"].optional?.bytes
    self.init(
      id: state == .waiting ? nil : try DeviceID(stored: row["id"].uuid), serial: try row["serial"].text,
      product: try row["product"].text, group: try row["group_name"].text, name: try row["name"].text, state: state,
      access: key != nil ? "certificate" : try row["has_token"].bool ? "polling-token" : "none", publicKeyHash: key,
      createdAt: try row["created_at"].date, enrolledAt: try row["enrolled_at"].optional?.date,
      otpReportedAt: try row["otp_reported_at"].optional?.date, otpDifferences: try row["otp_differences"].textArray)
  }
}
