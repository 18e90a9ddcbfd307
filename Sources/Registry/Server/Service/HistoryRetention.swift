import Logging
import RegistryStorage
import ServiceLifecycle

/// Removes events and entries of the audit log that are older than they are kept.
struct HistoryRetention: Service {
  private let store: RegistryStore
  private let eventRetention: Duration
  private let auditRetention: Duration
  private let interval: Duration
  private let logger: Logger

  /// - Parameter interval: how often it looks.
  init(
    store: RegistryStore, eventRetention: Duration, auditRetention: Duration, interval: Duration = .seconds(600),
    logger: Logger
  ) {
    self.store = store
    self.eventRetention = eventRetention
    self.auditRetention = auditRetention
    self.interval = interval
    self.logger = logger
  }

  func run() async throws {
    let removal = Removal(logger: logger)
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await removal.removeAll("old events") {
          try await store.removeEvents(olderThan: eventRetention, limit: Self.batchSize)
        }
        await removal.removeAll("old entries of the audit log") {
          try await store.removeAudit(olderThan: auditRetention, limit: Self.batchSize)
        }
        try? await Task.sleep(for: interval)
      }
    }
  }

  private static let batchSize = 1_000
}
