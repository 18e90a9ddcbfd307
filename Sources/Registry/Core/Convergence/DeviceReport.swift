package import FirmwareImage

/// A report of a device whose form was found right.
package struct DeviceReport: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    /// `sequence` grows with every report of a device, over reboots too. The time in the state is not used.
    case state(ReportedState, sequence: UInt64)
    case presence(online: Bool)
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
  /// One at least as new is stored already.
  case stale
  case unknownDevice
  case invalid(String)
}
