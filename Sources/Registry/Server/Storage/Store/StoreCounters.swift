import DeviceProtocol
import Metrics

/// Counts what the store commits. Their handles are kept, as making one costs a look-up.
struct StoreCounters: Sendable {
  private let reported = Dictionary(
    uniqueKeysWithValues: RunStatus.allCases.map { status in
      (
        status,
        Counter(label: "registry_states_reported_total", dimensions: [("status", status.rawValue)])
      )
    })
  private let crashes = Counter(label: "registry_crashes_stored_total")

  /// Devices said of themselves what they had not said before.
  func reported(_ statuses: [RunStatus]) {
    for status in statuses { reported[status]?.increment() }
  }

  /// Crashes were stored that were not before.
  func stored(crashes count: Int) {
    if count > 0 { crashes.increment(by: count) }
  }
}
