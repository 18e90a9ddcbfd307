internal import FirmwareImage

/// Where this device's reports have got to, or those that the Registry holds: in JSON
/// `{"epoch":"16 hexadecimal digits","sequence":7}`.
struct ReportPosition: Codable, Sendable, Equatable {
  /// Empty: of a device that names none, or none at all.
  var epoch: String
  var sequence: UInt64

  /// Nil unless the Registry can have said it.
  var checked: ReportPosition? {
    guard epoch.isEmpty || epoch.utf8.count == 16 && Hexadecimal.decode(epoch) != nil else { return nil }
    return sequence <= UInt64(Int64.max) ? self : nil
  }
}

/// Eight random bytes that tell one life of something from another, such as a flash from its old copy.
enum RandomName {
  /// Never 0, which stands for none.
  static func make() -> UInt64 { UInt64.random(in: 1 ... .max) }

  static func text(_ number: UInt64) -> String {
    Hexadecimal.encode((0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
  }
}
