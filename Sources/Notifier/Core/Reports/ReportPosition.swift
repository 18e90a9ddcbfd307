import FirmwareImage
import SwiftProtobuf
import Wire

/// Where a device's reports have got to: `{"epoch":"16 hexadecimal digits","sequence":7}`, the epoch empty for a device
/// that names none.
struct ReportPosition: Equatable, Sendable {
  /// 0: none.
  var epoch: UInt64
  var sequence: UInt64

  init(epoch: UInt64, sequence: UInt64) {
    self.epoch = epoch
    self.sequence = sequence
  }

  init(_ wire: WireReportPosition) {
    self.init(epoch: wire.epoch, sequence: wire.sequence)
  }

  var wire: WireReportPosition {
    WireReportPosition.with {
      $0.epoch = epoch
      $0.sequence = sequence
    }
  }

  var json: String { "{\"epoch\":\"\(RandomName.text(epoch))\",\"sequence\":\(sequence)}" }
}

/// Eight random bytes that tell one life of something from another, as 16 hexadecimal digits; empty for none.
enum RandomName {
  static func text(_ number: UInt64) -> String {
    if number == 0 { return "" }
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  static func number(_ text: String?, _ field: String) throws(RejectedReport) -> UInt64 {
    guard let text, !text.isEmpty else { return 0 }
    guard text.utf8.count == 16, let bytes = Hexadecimal.decode(text) else {
      throw RejectedReport(.field, "\(field) must be 16 hexadecimal digits")
    }
    return bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}
