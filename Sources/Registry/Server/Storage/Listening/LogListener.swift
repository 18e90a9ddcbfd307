import Foundations
import PostgreSQL
import ServiceLifecycle

/// Wakes those who follow logs at this replica when any replica has stored lines.
package struct LogListener: Service {
  private let store: RegistryStore

  package init(store: RegistryStore) {
    self.store = store
  }

  package func run() async throws {
    let listener = try store.pool.listen(to: [RegistrySchema.logChannel], bufferLimit: 256)
    await cancelWhenGracefulShutdown {
      for await event in listener {
        if case .notification(let notification) = event, let device = DeviceID(notification.payload) {
          store.logFollowers.wake(device)
        } else {
          store.logFollowers.wakeAll()
        }
      }
    }
  }
}
