import DeviceProtocol
import Foundations
import SwiftProtobuf
import Wire

/// Where a device's reports have got to.
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

  var message: StateMessage.Position { StateMessage.Position(epoch: RandomName.text(epoch), sequence: sequence) }
}
