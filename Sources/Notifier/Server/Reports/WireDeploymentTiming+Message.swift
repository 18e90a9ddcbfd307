import DeviceProtocol
import SwiftProtobuf
import Wire

extension WireDeploymentTiming {
  /// What a device measured, whatever it says: names of its own are dropped, and times that can't be.
  init(_ message: DeploymentTimingMessage) {
    self.init()
    version = message.version
    parentSpan = String(message.parentSpan?.prefix(16) ?? "")
    imageBytes = message.imageBytes ?? 0
    let moments: [(name: String, microseconds: UInt64?)] = [
      ("head-checked", message.headChecked), ("download-begun", message.downloadBegun),
      ("downloaded", message.downloaded), ("verified", message.verified), ("staged", message.staged),
      ("process-started", message.processStarted), ("first-line", message.firstLine), ("switched", message.switched),
      ("confirmed", message.confirmed), ("reported", message.reported),
    ]
    marks = moments.compactMap { moment in
      moment.microseconds.map { microseconds in
        WireDeploymentMark.with {
          $0.name = moment.name
          $0.microseconds = microseconds
        }
      }
    }
  }
}
