package import Logging
import ServiceLifecycle

/// Removes events that are older than they are kept.
package struct EventRetention: Service {
  private let store: RegistryStore
  private let retention: Duration
  private let interval: Duration
  private let logger: Logger

  /// - Parameter interval: how often it looks.
  package init(store: RegistryStore, retention: Duration, interval: Duration = .seconds(600), logger: Logger) {
    self.store = store
    self.retention = retention
    self.interval = interval
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          var removed = 0
          repeat {
            removed = try await store.removeEvents(olderThan: retention, limit: 1000)
            if removed > 0 { logger.info("removed old events", metadata: ["count": "\(removed)"]) }
          } while removed == 1000 && !Task.isCancelled
        } catch {
          logger.warning("old events not removed, trying again later", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: interval)
      }
    }
  }
}
