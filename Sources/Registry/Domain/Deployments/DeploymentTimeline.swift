package import FoundationEssentials
package import Foundations
package import TextFormats

/// How one `version` got to its `device`, as it is stored with the version: what each program measured by its own clock.
///
/// No two of these clocks need agree. What the image store did counts from the client's request; what the Registry and the
/// Notifier did, from the moment when the version was assigned, by the database's clock; what the device did, from the
/// notification's arrival. The arrival itself no single clock can measure: it is taken for the broker's acknowledgement,
/// unless the device's report shows that it was earlier.
package struct DeploymentTimeline: Sendable, Equatable {
  package let version: UInt64
  /// When the version was assigned, by the database's clock.
  package let assignedAt: Date
  /// The part of the trace that assigning it was; nil: of a Registry that kept none.
  package let trace: TraceContext?
  let store: [DeploymentMark]
  let assigned: UInt64?
  let notify: [DeploymentMark]
  package let device: DeviceTiming?
  /// When the device's timing was recorded, in microseconds since the version was assigned.
  let recorded: UInt64?

  /// - Parameter json: what was stored; `.null` for nothing.
  package init(version: UInt64, assignedAt: Date, _ json: JSONValue) {
    self.version = version
    self.assignedAt = assignedAt
    var members: [String: JSONValue] = [:]
    if case .object(let stored) = json { members = stored }
    trace = Self.text(members["traceParent"]).flatMap {
      TraceContext($0, requestID: Self.text(members["requestID"]) ?? "")
    }
    store = [DeploymentMark](members["store"])
    assigned = Self.number(members["assigned"])
    notify = [DeploymentMark](members["notify"])
    device = DeviceTiming(members["device"], version: version)
    recorded = Self.number(members["recorded"])
  }

  private static func text(_ value: JSONValue?) -> String? {
    if case .string(let text) = value { text } else { nil }
  }

  private static func number(_ value: JSONValue?) -> UInt64? {
    if case .integer(let number) = value { UInt64(clamping: number) } else { nil }
  }

  /// When the client's request reached the image store, reckoned back from `assignedAt`.
  package var beganAt: Date { assignedAt.addingTimeInterval(-Double(assigned ?? 0) / 1e6) }

  /// When the notification reached the device, in microseconds since the client's request; nil while that is not known.
  package var arrival: UInt64? {
    guard let assigned, let device else { return nil }
    let published = notify.first { $0.name == DeploymentStep.published }?.microseconds ?? 0
    let acknowledged = notify.first { $0.name == DeploymentStep.acknowledged }?.microseconds
    let latest = recorded.map { $0 - min($0, device.marks.last?.microseconds ?? 0) }
    guard let arrival = [acknowledged, latest].compactMap(\.self).min() else { return nil }
    return assigned + max(published, arrival)
  }

  /// All steps that are known, in the order of their ends. Each takes from the end of the one before.
  package var steps: [DeploymentStep] {
    guard let assigned else { return [] }
    var ends = store.map { DeploymentStep($0.name, by: .imageStore, at: $0.microseconds) }
    ends.append(DeploymentStep(DeploymentStep.assigned, by: .registry, at: assigned))
    for mark in notify {
      ends.append(
        DeploymentStep(
          mark.name, by: mark.name == DeploymentStep.taken ? .registry : .notifier, at: assigned + mark.microseconds))
    }
    if let arrival, let device {
      for mark in device.marks where mark.name != DeploymentStep.reported {
        ends.append(
          DeploymentStep(
            mark.name, by: mark.name == DeploymentStep.firstLine ? .appHost : .device, at: arrival + mark.microseconds))
      }
    }
    // Stable, so that what ended in one microsecond stays in the order of the way.
    let order = ends.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
    var before: UInt64 = 0
    return order.map { _, step in
      var step = step
      step.took = step.at - before
      before = step.at
      return step
    }
  }

  /// When the app's first line was there, in microseconds since the client's request; nil: not known.
  package var firstLine: UInt64? { steps.first { $0.name == DeploymentStep.firstLine }?.at }
}
