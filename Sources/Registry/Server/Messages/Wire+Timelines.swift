import Foundations
package import RegistryDomain
import SwiftProtobuf
package import Wire

extension WireDeploymentTrace {
  package init(_ timeline: DeploymentTimeline) {
    self.init()
    version = timeline.version
    traceID = timeline.trace?.traceID ?? ""
    requestID = timeline.trace?.requestID ?? ""
    beganAt = Google_Protobuf_Timestamp(timeline.beganAt)
    steps = timeline.steps.map { step in
      WireDeploymentStep.with {
        $0.name = step.name
        $0.program = step.program.rawValue
        $0.atMicroseconds = step.at
        $0.tookMicroseconds = step.took
      }
    }
    firstLineMicroseconds = timeline.firstLine ?? 0
    imageBytes = timeline.device?.imageBytes ?? 0
  }
}
