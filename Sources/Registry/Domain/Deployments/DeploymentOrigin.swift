package import Foundations
package import TextFormats

/// How a deployment came to the Registry: the `trace` it belongs to, what was done for it before (`marks`, of which the last
/// is when the Registry was asked), and when that reached the Registry (`received`).
package struct DeploymentOrigin: Sendable {
  package let trace: TraceContext?
  package let marks: [DeploymentMark]
  package let received: ContinuousClock.Instant

  package init(
    trace: TraceContext? = .current, marks: [DeploymentMark] = [], received: ContinuousClock.Instant = .now
  ) {
    self.trace = trace
    self.marks = marks.plausible
    self.received = received
  }

  /// The beginning of the timeline that is stored with the version: see ``DeploymentTimeline``.
  package var json: JSONValue {
    let before = marks.last?.microseconds ?? 0
    var members: [String: JSONValue] = [
      "store": marks.json,
      "assigned": .integer(Int64(clamping: before + (ContinuousClock.now - received).wholeMicroseconds)),
    ]
    if let trace {
      members["traceParent"] = .string(trace.description)
      if !trace.requestID.isEmpty { members["requestID"] = .string(trace.requestID) }
    }
    return .object(members)
  }
}
