import DeviceProtocol

extension DeviceTopic {
  /// The topic of a message, one of the subjects that are taken where it came.
  init(of topic: String, among subjects: Set<Subject>) throws(RejectedReport) {
    do throws(Invalid) {
      try self.init(parsing: topic)
    } catch {
      switch error {
      case .otherTopic: throw RejectedReport(.topic, topic)
      case .deviceID: throw RejectedReport(.deviceID, "the device ID in the topic must be a UUID in lower case")
      }
    }
    guard subjects.contains(subject) else { throw RejectedReport(.topic, topic) }
  }
}
