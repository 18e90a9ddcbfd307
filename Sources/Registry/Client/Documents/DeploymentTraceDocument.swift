import FoundationEssentials
import Foundations
import SwiftProtobuf
package import Wire

/// How long each of the `steps` of one deployment took, as JSON: of which `version`, in which trace (`traceID`, left out if it is not
/// known) for which request of a client (`requestID`), begun at `beganAt` (ISO 8601, UTC). `firstLineMicroseconds` is when
/// the app's first line was there, left out while that is not known; `imageBytes` the size of the image that the device
/// fetched.
package struct DeploymentTraceDocument: Codable, Sendable, Equatable {
  /// A step: what is done at its end (`name`), the `program` that did it, when that was (`atMicroseconds`, since the
  /// request reached the image store) and how long after the end of the step before (`tookMicroseconds`). `share` is its
  /// part of the whole up to the app's first line; left out for what came later, or while the whole is not known.
  package struct Step: Codable, Sendable, Equatable {
    package var name: String
    package var program: String
    package var atMicroseconds: UInt64
    package var tookMicroseconds: UInt64
    package var share: Double?
  }

  package var version: UInt64
  package var traceID: String?
  package var requestID: String?
  package var beganAt: String?
  package var steps: [Step]
  package var firstLineMicroseconds: UInt64?
  package var imageBytes: UInt64?
}

extension DeploymentTraceDocument {
  package init(_ wire: WireDeploymentTrace) {
    let whole = wire.firstLineMicroseconds
    self.init(
      version: wire.version, traceID: wire.traceID.isEmpty ? nil : wire.traceID,
      requestID: wire.requestID.isEmpty ? nil : wire.requestID,
      beganAt: wire.hasBeganAt && !wire.steps.isEmpty ? text(wire.beganAt) : nil,
      steps: wire.steps.map { step in
        Step(
          name: step.name, program: step.program, atMicroseconds: step.atMicroseconds,
          tookMicroseconds: step.tookMicroseconds,
          share: whole > 0 && step.atMicroseconds <= whole
            ? Double(step.tookMicroseconds) / Double(whole) : nil)
      },
      firstLineMicroseconds: whole == 0 ? nil : whole, imageBytes: wire.imageBytes == 0 ? nil : wire.imageBytes)
  }
}
