import Foundations
import PostgreSQL
import ServiceLifecycle

/// Wakes this replica's dispatcher when another replica has put something into the outbox.
package struct OutboxListener: Service {
  private let store: RegistryStore

  package init(store: RegistryStore) {
    self.store = store
  }

  package func run() async throws {
    let listener = try store.pool.listen(to: [RegistrySchema.outboxChannel], bufferLimit: 16)
    await cancelWhenGracefulShutdown {
      // What may have been missed wakes it as well: after a restart of the database something may wait.
      for await _ in listener { store.outboxSignal.wake() }
    }
  }
}
