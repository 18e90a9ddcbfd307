import DeviceProtocol
import Foundations

extension StateMessage.Position {
  /// The position, if the Registry can have said it; else nil.
  var checked: StateMessage.Position? {
    guard let epoch, RandomName.number(epoch) != nil else { return nil }
    return sequence <= UInt64(Int64.max) ? self : nil
  }
}
