internal import Foundations

/// The topics of one device.
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
    firmwarePrefix = "/firmware/\(device)/"
    firmwareFilter = "/firmware/\(device)/#"
    state = "/devices/\(device)/state"
    presence = "/devices/\(device)/presence"
    acknowledgement = "/devices/\(device)/ack"
    log = "/devices/\(device)/log"
    crash = "/devices/\(device)/crash"
    appPrefix = "/apps/\(device)/"
  }
}
