package import Foundations

/// A report about a `device` whose form was found right, and its `content`.
package struct ReceivedReport: Sendable, Equatable {
  /// What a report says, and by which way it came.
  package enum Content: Sendable, Equatable {
    /// What the device runs, said over MQTT. The position grows with every report of a device, over reboots too. The
    /// time in the state is not used.
    ///
    /// `supersedes`: what the device was told that is held; see ``ReportPosition``.
    case state(ReportedState, at: ReportPosition, supersedes: ReportPosition? = nil)
    /// Whether the device is connected to the broker, as the presence says that the broker keeps for it.
    case presence(online: Bool)
    /// What a device runs that reports over HTTP ("at the polling door"), where reports have no sequence. The time in
    /// the state is not used.
    case polled(ReportedState)
  }

  package var device: DeviceID
  package var content: Content

  package init(device: DeviceID, content: Content) {
    self.device = device
    self.content = content
  }
}

/// What became of a report.
package enum ReportVerdict: Sendable, Equatable {
  /// The report is stored, and is the newest.
  case stored
  /// The same report is stored already.
  case repeated
  /// Another report is held, and this one is not newer, or can't be compared with it.
  case stale(held: ReportPosition)
  case unknownDevice
  case invalid(String)
}
