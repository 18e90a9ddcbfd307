import Metrics
import RegistryDomain
package import RegistryStorage

/// What the Registry counts beyond what HTTP and the bus count by themselves.
package struct RegistryMetrics: Sendable {
  private let notifyLatency = Timer(label: "registry_notify_latency_seconds")
  private let notified = Counter(label: "registry_notifications_acknowledged_total")
  private let postponedNotifications = Counter(label: "registry_notifications_postponed_total")
  private let outboxPending = Gauge(label: "registry_outbox_pending")
  private let outboxOldest = Gauge(label: "registry_outbox_oldest_seconds")
  private let revocationsPending = Gauge(label: "registry_revocations_pending")
  /// All that there may be, so that one without devices tells 0.
  private let devices: [DeviceKey: Gauge] = Dictionary(
    uniqueKeysWithValues: DeploymentState.allCases.flatMap { state in
      DeviceHealth.allCases.map { health in
        let dimensions = [("state", state.rawValue), ("health", health.rawValue)]
        return (DeviceKey(state: state, health: health), Gauge(label: "registry_devices", dimensions: dimensions))
      }
    })

  private struct DeviceKey: Hashable {
    let state: DeploymentState
    let health: DeviceHealth
  }

  private let omittedEvents = Counter(label: "registry_events_omitted_total")

  package init() {}

  /// Counts events that were left out because their devices cause too many.
  package func eventsOmitted(_ count: Int) {
    omittedEvents.increment(by: count)
  }

  /// - Parameter latency: from the commit that asked for the notification to the broker's acknowledgement.
  func notified(after latency: Duration) {
    notified.increment()
    let (seconds, attoseconds) = latency.components
    notifyLatency.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  func postponed(_ count: Int) {
    postponedNotifications.increment(by: count)
  }

  /// Tells what waits.
  package func record(_ figures: WaitingFigures) {
    outboxPending.record(figures.outboxPending)
    outboxOldest.record(figures.outboxOldestSeconds)
    revocationsPending.record(figures.revocationsPending)
  }

  /// Tells how many devices there are; of a state and health that is not among the counts there are none.
  package func record(_ counts: [DeviceCount]) {
    let found = Dictionary(
      counts.map { (DeviceKey(state: $0.state, health: $0.health), $0.count) }, uniquingKeysWith: +)
    for (key, gauge) in devices { gauge.record(found[key] ?? 0) }
  }
}
