import Foundations
import Logging
import RegistryDelivery
import RegistryStorage
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
    let removal = Removal(logger: logger)
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await removal.remove("events of deleted devices, and too many of one") { try await store.removeLeftovers() }
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
        await store.removalSignal.wait(upTo: longestSleep)
      }
    }
  }
}
