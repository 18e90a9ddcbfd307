package import Foundations

/// Where a version of a device's firmware is: `/firmware/{id}/{version}` is the topic on which it is announced, and the
/// path of the image at an image store.
package struct FirmwareAddress: Hashable, Sendable {
  package var device: DeviceID
  /// From 1.
  package var version: UInt64

  package init(of device: DeviceID, version: UInt64) {
    self.device = device
    self.version = version
  }

  /// The topic, and the path behind an image store's base URL, which has no slash at its end.
  package var path: String { Self.prefix(of: device) + "\(version)" }

  /// What all topics begin with on which a device is told of its firmware.
  package static func prefix(of device: DeviceID) -> String { "/firmware/\(device)/" }

  /// What a device subscribes to.
  package static func filter(of device: DeviceID) -> String { prefix(of: device) + "#" }
}
