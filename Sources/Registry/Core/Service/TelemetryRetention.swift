import Logging
import ServiceLifecycle

/// Removes lines of logs and crashes that are older than they are kept, and what deleted devices left behind.
struct TelemetryRetention: Service {
  let store: RegistryStore
  let logRetention: Duration
  let crashRetention: Duration
  /// How often it looks.
  var interval: Duration = .seconds(300)
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await remove("old log lines") { try await store.removeLogLines(olderThan: logRetention) }
        await remove("log lines of deleted devices") { try await store.removeLinesOfDeletedDevice() }
        await remove("old crashes") {
          let removed = try await store.removeCrashes(olderThan: crashRetention, limit: 500)
          return removed == 0 ? nil : removed
        }
        try? await Task.sleep(for: interval)
      }
    }
  }

  /// Batch after batch, until one finds nothing.
  private func remove(_ what: String, _ batch: () async throws -> Int?) async {
    var total = 0
    do {
      while !Task.isCancelled, let removed = try await batch() { total += removed }
    } catch {
      logger.warning("not removed, trying again later", metadata: ["what": "\(what)", "error": "\(error)"])
    }
    if total > 0 { logger.info("removed", metadata: ["what": "\(what)", "count": "\(total)"]) }
  }
}
