import Metrics

/// What the Registry counts beyond what HTTP and the bus count by themselves.
package struct RegistryMetrics: Sendable {
  private let notifyLatency = Timer(label: "registry_notify_latency_seconds")
  private let notified = Counter(label: "registry_notifications_acknowledged_total")
  private let postponedNotifications = Counter(label: "registry_notifications_postponed_total")
  private let outboxPending = Gauge(label: "registry_outbox_pending")

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

  /// Sets how many notifications wait in the outbox.
  package func outboxPending(_ count: Int) {
    outboxPending.record(count)
  }
}
