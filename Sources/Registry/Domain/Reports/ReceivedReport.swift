package import Foundations

/// A report of a device whose form was found right.
package struct ReceivedReport: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    /// The position grows with every report of a device, over reboots too. The time in the state is not used.
    ///
    /// `supersedes`: what the device was told that is held; see ``ReportPosition``.
    case state(ReportedState, at: ReportPosition, supersedes: ReportPosition? = nil)
    case presence(online: Bool)
    /// At the polling door, where reports have no sequence. The time in the state is not used.
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
  case stored
  /// It is stored already.
  case repeated
  /// Another one is held, which it is not newer than, or can't be compared with.
  case stale(held: ReportPosition)
  case unknownDevice
  case invalid(String)
}
