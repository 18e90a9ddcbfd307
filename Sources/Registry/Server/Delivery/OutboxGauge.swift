package import RegistryStorage
import ServiceLifecycle

/// Keeps the metric of what waits in the outbox up to date.
package struct OutboxGauge: Service {
  let store: RegistryStore
  let metrics: RegistryMetrics

  package init(store: RegistryStore, metrics: RegistryMetrics) {
    self.store = store
    self.metrics = metrics
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // While the database is away the last count stays: readiness tells of that.
        if let pending = try? await store.outboxPending() { metrics.outboxPending(pending) }
        try? await Task.sleep(for: .seconds(5))
      }
    }
  }
}
