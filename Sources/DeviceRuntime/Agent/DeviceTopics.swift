import DeviceProtocol
import Foundations

/// The topics of this device, as the broker has them.
struct DeviceTopics: Sendable {
  let firmwareFilter: String
  let firmwarePrefix: String
  let state: String
  let presence: String
  let acknowledgement: String
  let log: String
  let crash: String
  let appPrefix: String

  init(_ device: DeviceID) {
    firmwarePrefix = FirmwareAddress.prefix(of: device)
    firmwareFilter = FirmwareAddress.filter(of: device)
    state = DeviceTopic(.state, of: device).name
    presence = DeviceTopic(.presence, of: device).name
    acknowledgement = DeviceTopic(.acknowledgement, of: device).name
    log = DeviceTopic(.log, of: device).name
    crash = DeviceTopic(.crash, of: device).name
    appPrefix = AppTopics.prefix(of: device)
  }
}
