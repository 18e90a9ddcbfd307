/// Why a message from a device is not taken. Nobody is told but the log and the metrics: an answer would
/// go to whoever the payload claims to be.
struct RejectedReport: Error, Equatable {
  /// What is wrong with it; the raw value is what logs and metrics say.
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
