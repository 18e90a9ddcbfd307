package import Foundations

/// Where a version of the firmware of `device` is: `/firmware/{id}/{version}` is the topic on which it is announced,
/// and the path of the image at an image store.
package struct FirmwareAddress: Hashable, Sendable {
  package var device: DeviceID
  /// The firmware version, from 1.
  package var version: UInt64

  package init(of device: DeviceID, version: UInt64) {
    self.device = device
    self.version = version
  }

  /// Reads the topic of a message: nil unless the ID is in lower case, and the version a number from 1 without zeros
  /// before it.
  package init?(parsing topic: String) {
    let levels = topic.levelsOfTopic
    guard levels.count == 4, levels[0].isEmpty, levels[1] == "firmware", let device = DeviceID(levels[2]),
      device.description == levels[2], let version = UInt64(levels[3]), version > 0, "\(version)" == levels[3]
    else { return nil }
    self.init(of: device, version: version)
  }

  /// The topic. It is also the path to append to an image store's base URL, which has no slash at its end.
  package var path: String { Self.prefix(of: device) + "\(version)" }

  /// What all topics begin with on which this device is told of its firmware.
  package static func prefix(of device: DeviceID) -> String { "/firmware/\(device)/" }

  /// The filter with which the device subscribes to them.
  package static func filter(of device: DeviceID) -> String { prefix(of: device) + "#" }
}
