import Logging
import ServiceLifecycle

/// Removes in pieces what deleted devices left behind and events of devices that have too many, and tells how many were
/// left out of those of devices that cause too many.
struct LeftoverRemoval: Service {
  let store: RegistryStore
  let metrics: RegistryMetrics
  /// How often it looks for what other replicas left.
  var longestSleep: Duration = .seconds(30)
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        var total = 0
        do {
          while !Task.isCancelled, let removed = try await store.removeLeftovers() { total += removed }
        } catch {
          if !Task.isCancelled {
            logger.warning("events not removed, trying again later", metadata: ["error": "\(error)"])
          }
        }
        do {
          let omitted = try await store.tellOmittedEvents()
          if omitted > 0 {
            metrics.eventsOmitted(omitted)
            logger.warning("events left out of devices that cause too many", metadata: ["count": "\(omitted)"])
          }
        } catch {
          if !Task.isCancelled {
            logger.warning("omitted events not told, trying again later", metadata: ["error": "\(error)"])
          }
        }
        if total > 0 { logger.info("removed", metadata: ["what": "events", "count": "\(total)"]) }
        await store.removalSignal.wait(atMost: longestSleep)
      }
    }
  }
}
