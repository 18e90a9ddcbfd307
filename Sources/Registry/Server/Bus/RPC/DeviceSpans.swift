import DeviceProtocol
import Foundations
import RegistryDomain
import RegistryMessages
import Wire

/// What a device did for a deployment, as spans, of what it reports when it has confirmed the version: so devices need
/// reach no receiver of their own.
///
/// Devices' clocks are not believed. The report is taken to have come at once, so spans may be late by its way.
enum DeviceSpans {
  static func record(of report: WireDeviceReport) {
    guard report.state.status == RunStatus.confirmed.rawValue, report.state.hasTiming else { return }
    let timing = report.state.timing
    guard let own = TraceContext(report.traceParent, parentSpanID: timing.parentSpan), SpanRecording.wants(own) else {
      return
    }
    let marks = [DeploymentMark](timing.marks).plausible.filter { $0.name != DeploymentStep.reported }
    let reported = timing.marks.first { $0.name == DeploymentStep.reported }?.microseconds ?? 0
    guard let end = marks.map(\.microseconds).max(), end <= reported else { return }
    let now = WallClock.now.nanoseconds
    let arrival = now - min(now, min(reported, DeploymentMark.maximumMicroseconds) * 1_000)
    let moment = { (microseconds: UInt64) in WallClock(nanoseconds: arrival + microseconds * 1_000) }
    let device = DeviceID(bytes: report.deviceID)?.description ?? "?"
    SpanRecording.record(
      TraceSpan(
        "update", .consumer, in: own, from: moment(0), to: moment(end),
        attributes: [
          "xtblish.device": .text(device), "xtblish.version": .number(Int64(clamping: timing.version)),
          "xtblish.image_bytes": .number(Int64(clamping: timing.imageBytes)),
        ], program: DeploymentStep.Program.device.rawValue), in: own)
    var before: UInt64 = 0
    for mark in marks.sorted(by: { $0.microseconds < $1.microseconds }) {
      let program: DeploymentStep.Program = mark.name == DeploymentStep.firstLine ? .appHost : .device
      SpanRecording.record(
        TraceSpan(
          mark.name, .internal, in: own.child(), from: moment(before), to: moment(mark.microseconds),
          attributes: ["xtblish.device": .text(device)], program: program.rawValue), in: own)
      before = mark.microseconds
    }
  }
}
