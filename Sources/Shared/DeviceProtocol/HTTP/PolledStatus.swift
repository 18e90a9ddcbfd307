/// The body of `POST /status`: what a device that only polls says about a version. Its members are those of
/// ``StateMessage`` that such a device can know. Other members are ignored, so that a device may send the same JSON
/// here and over MQTT.
package struct PolledStatus: Codable, Sendable, Equatable {
  package enum CodingKeys: String, CodingKey, CaseIterable { case version, status, reason }

  /// The firmware version that it is about, one that the device was given.
  package var version: UInt64
  /// A ``RunStatus``.
  package var status: String
  /// Why, for people; missing: the device says nothing.
  package var reason: String?

  package init(version: UInt64, status: String, reason: String?) {
    self.version = version
    self.status = status
    self.reason = reason
  }
}

/// The answer to `GET` and `POST` of `/status`.
package struct PollingAnswer: Codable, Sendable, Equatable {
  package enum CodingKeys: String, CodingKey, CaseIterable {
    case fileExists = "file_exists"
  }

  /// Whether a version waits that the device has neither confirmed nor given up.
  package var fileExists: Bool

  package init(fileExists: Bool) {
    self.fileExists = fileExists
  }
}
