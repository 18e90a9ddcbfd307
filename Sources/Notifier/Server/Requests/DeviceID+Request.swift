import FoundationEssentials
import Foundations
import Wire

extension DeviceID {
  /// The device that a request is about.
  ///
  /// - Throws: `invalid` for bytes that are no ID.
  init(asked bytes: Data) throws(WireFailure) {
    guard let device = DeviceID(bytes: bytes) else {
      throw WireFailure(.invalid, reason: "invalid-device-id", message: "a device ID is 16 bytes, not \(bytes.count)")
    }
    self = device
  }
}
