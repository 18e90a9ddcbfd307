import Foundations

/// What a device reports and which device it is, from the topic.
struct ReportTopic: Equatable, Sendable {
  enum Kind: Equatable, Sendable { case state, presence }

  let device: DeviceID
  let kind: Kind

  /// Shared by all replicas, so that each report reaches one of them.
  static let sharedTopics = ["/devices/+/state", "/devices/+/presence"]

  /// Each replica's own: only an ordinary subscription is given the presences that the broker keeps.
  static let presenceFilter = "/devices/+/presence"

  init(_ topic: String) throws(RejectedReport) {
    let read = try DeviceTopic(topic)
    switch read.name {
    case "state": kind = .state
    case "presence": kind = .presence
    default: throw RejectedReport(.topic, topic)
    }
    device = read.device
  }
}

/// Why a message from a device is not taken. Nobody is told but the log and the metrics: an answer would
/// go to whoever the payload claims to be.
struct RejectedReport: Error, Equatable {
  enum Reason: String, CaseIterable, Sendable {
    case topic, deviceID = "device-id", tooLarge = "too-large", notJSON = "not-json", field, presence
  }

  let reason: Reason
  let detail: String

  init(_ reason: Reason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }
}
