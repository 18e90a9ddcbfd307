import Logging
import RegistryStorage
import ServiceLifecycle

/// Removes lines of logs and crashes that are older than they are kept, and what deleted devices left behind.
struct TelemetryRetention: Service {
  let store: RegistryStore
  let logRetention: Duration
  let crashRetention: Duration
  /// How often it looks for what is too old.
  var interval: Duration = .seconds(300)
  let logger: Logger

  func run() async throws {
    let removal = Removal(logger: logger)
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await removal.remove("old log lines") { try await store.removeLogLines(olderThan: logRetention) }
        await removal.remove("log lines of deleted devices") { try await store.removeLinesOfDeletedDevice() }
        await removal.removeAll("old crashes") { try await store.removeCrashes(olderThan: crashRetention, limit: 500) }
        try? await Task.sleep(for: interval)
      }
    }
  }
}
