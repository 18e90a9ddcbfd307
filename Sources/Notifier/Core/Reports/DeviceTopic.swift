import Foundations

/// A topic `/devices/{id}/{name}`, the ID in lower case.
struct DeviceTopic: Equatable, Sendable {
  let device: DeviceID
  let name: String

  init(_ topic: String) throws(RejectedReport) {
    let levels = topic.levelsOfTopic
    guard levels.count == 4, levels[0].isEmpty, levels[1] == "devices" else { throw RejectedReport(.topic, topic) }
    guard let device = DeviceID(levels[2]), device.description == levels[2] else {
      throw RejectedReport(.deviceID, "the device ID in the topic must be a UUID in lower case")
    }
    self.device = device
    name = String(levels[3])
  }
}
