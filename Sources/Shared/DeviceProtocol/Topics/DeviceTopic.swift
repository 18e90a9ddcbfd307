package import Foundations

/// A topic that is about one device: `/devices/{id}/{subject}`, where the ID is the UUID of `device` in lower case.
package struct DeviceTopic: Hashable, Sendable {
  /// What messages on the topic are about; the raw value is the topic's last level.
  package enum Subject: String, Sendable, CaseIterable {
    /// From the device: what it runs. See ``StateMessage``.
    case state
    /// From the device, and from the broker as its last will: whether it is connected. See ``Presence``.
    case presence
    /// From the device: lines of its log. See ``LogMessage``.
    case log
    /// From the device: why its app ended. See ``CrashReport``.
    case crash
    /// To the device: what is stored and need not be sent again. See ``AcknowledgementMessage``.
    case acknowledgement = "ack"
  }

  /// Why a text is no topic of a device.
  package enum Invalid: Error, Equatable {
    /// It has another form, or its subject is not known.
    case otherTopic
    /// The ID is no UUID in lower case.
    case deviceID
  }

  /// What the messages are about.
  package var subject: Subject
  package var device: DeviceID

  package init(_ subject: Subject, of device: DeviceID) {
    self.subject = subject
    self.device = device
  }

  /// Reads the topic of a message.
  package init(parsing topic: String) throws(Invalid) {
    let levels = topic.levelsOfTopic
    guard levels.count == 4, levels[0].isEmpty, levels[1] == "devices" else { throw .otherTopic }
    guard let device = DeviceID(levels[2]), device.description == levels[2] else { throw .deviceID }
    guard let subject = Subject(rawValue: String(levels[3])) else { throw .otherTopic }
    self.init(subject, of: device)
  }

  /// The topic's text, as it is published to.
  package var name: String { "/devices/\(device)/\(subject.rawValue)" }
}

extension DeviceTopic.Subject {
  /// The filter with which a service subscribes to this subject of all devices.
  package var filterOfAllDevices: String { "/devices/+/\(rawValue)" }
}
