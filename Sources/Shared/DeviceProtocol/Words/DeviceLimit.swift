/// A bound that both ends keep: what is above it is not sent, and not taken. Frames of a crash have one for each end.
package enum DeviceLimit: String, Sendable, CaseIterable {
  // Payloads.
  case notificationBytes
  case notificationURLBytes
  case stateBytes
  case logBytes
  case crashBytes
  case acknowledgementBytes
  case appMessageBytes
  case appTopicBytes
  case polledStatusBytes
  // Parts of them.
  case reasonBytes
  case logLines
  case logLineTextBytes
  case crashLines
  /// So many a device sends, and no more.
  case crashFrames
  /// So many are taken, of devices that send more one day.
  case crashFramesTaken
  case crashMessageBytes
  case crashFunctionNameBytes
  case crashCodeBytes
  case buildIDBytes
  case appLabelBytes
  case serialCharacters

  /// The bound, in the unit that the case's name ends with; lines and frames are counted.
  package var value: Int {
    switch self {
    case .notificationBytes: 16 << 10
    case .notificationURLBytes: 2_048
    case .stateBytes: 4_096
    case .logBytes, .crashBytes, .acknowledgementBytes, .appMessageBytes: 64 << 10
    case .appTopicBytes: 256
    case .polledStatusBytes: 4_096
    case .reasonBytes: 512
    case .logLines: 500
    case .logLineTextBytes: 4_096
    case .crashLines: 50
    case .crashFrames: 20
    case .crashFramesTaken: 64
    case .crashMessageBytes: 1_024
    case .crashFunctionNameBytes: 512
    case .crashCodeBytes: 64
    case .buildIDBytes: 64
    case .appLabelBytes: 32
    case .serialCharacters: 64
    }
  }
}
