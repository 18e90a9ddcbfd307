import DeviceProtocol
import Foundations
import SwiftProtobuf
import Wire

/// Where a device's reports have got to. Epoch 0 stands for none.
extension WireReportPosition {
  init(epoch: UInt64, sequence: UInt64) {
    self.init()
    self.epoch = epoch
    self.sequence = sequence
  }

  /// The position in the words of the device's protocol.
  var message: StateMessage.Position { StateMessage.Position(epoch: RandomName.text(epoch), sequence: sequence) }
}
