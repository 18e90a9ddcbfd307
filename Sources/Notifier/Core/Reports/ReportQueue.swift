import Foundations
import Metrics
import Synchronization
import Wire

/// The buffer between the task that reads messages and the task that records them.
final class ReportQueue: Sendable {
  private struct State {
    var buffer: ReportBuffer
    var isFinished = false
    var taker: CheckedContinuation<Void, Never>?
  }

  private let state: Mutex<State>
  private let waiting = Gauge(label: "notifier_reports_waiting")
  private let superseded = Counter(label: "notifier_reports_superseded_total")
  private let dropped = Counter(label: "notifier_reports_dropped_total")

  init(maximumDevices: Int) {
    state = Mutex(State(buffer: ReportBuffer(maximumDevices: maximumDevices)))
  }

  var count: Int { state.withLock { $0.buffer.count } }
  var droppedReports: Int { state.withLock { $0.buffer.dropped } }
  var supersededReports: Int { state.withLock { $0.buffer.superseded } }

  func add(_ state: StatePayload, of device: DeviceID) {
    change { $0.add(state, of: device) }
  }

  func add(isOnline: Bool, of device: DeviceID) {
    change { $0.add(isOnline: isOnline, of: device) }
  }

  /// Waits until there is something to take; false when there never will be again.
  func waitForReports() async -> Bool {
    await withCheckedContinuation { taker in
      let mayGoOn = state.withLock { state in
        if !state.buffer.isEmpty || state.isFinished { return true }
        state.taker = taker
        return false
      }
      if mayGoOn { taker.resume() }
    }
    return state.withLock { !$0.buffer.isEmpty }
  }

  func take(_ limit: Int) -> [WireDeviceReport] {
    let (reports, left) = state.withLock { state in (state.buffer.take(limit), state.buffer.count) }
    waiting.record(left)
    return reports
  }

  /// Nothing more will be added.
  func finish() {
    state.withLock { state in
      state.isFinished = true
      defer { state.taker = nil }
      return state.taker
    }?.resume()
  }

  private func change(_ body: (inout ReportBuffer) -> Void) {
    let (taker, newlySuperseded, newlyDropped) = state.withLock { state in
      let before = (state.buffer.superseded, state.buffer.dropped)
      body(&state.buffer)
      defer { if !state.buffer.isEmpty { state.taker = nil } }
      return (
        state.buffer.isEmpty ? nil : state.taker, state.buffer.superseded - before.0, state.buffer.dropped - before.1
      )
    }
    if newlySuperseded > 0 { superseded.increment(by: newlySuperseded) }
    if newlyDropped > 0 { dropped.increment(by: newlyDropped) }
    taker?.resume()
  }
}
