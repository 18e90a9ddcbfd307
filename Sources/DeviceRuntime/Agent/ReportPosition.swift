internal import Foundations

/// Where this device's reports have got to, or those that the Registry holds: in JSON
/// `{"epoch":"16 hexadecimal digits","sequence":7}`.
struct ReportPosition: Codable, Sendable, Equatable {
  /// Empty: of a device that names none, or none at all.
  var epoch: String
  var sequence: UInt64

  /// Nil unless the Registry can have said it.
  var checked: ReportPosition? {
    guard RandomName.number(epoch) != nil else { return nil }
    return sequence <= UInt64(Int64.max) ? self : nil
  }
}
