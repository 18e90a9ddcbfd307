import Synchronization

/// A connection lent by a pool, good until the scope that lent it ends.
package struct PostgresConnection: PostgresExecutor {
  let lease: Lease

  /// Runs it on this connection. `misuse` if the scope that lent the connection has ended.
  package func perform(_ operation: PostgresOperation) async throws(PostgresError) -> [PostgresResult] {
    try await lease.perform(operation)
  }
}

/// A transaction on a connection of a pool, good until the scope that lent it ends. There are no nested transactions:
/// a statement that may fail without undoing the others belongs into a transaction of its own.
package struct PostgresTransaction: PostgresExecutor {
  let lease: Lease

  /// Runs it inside this transaction. `misuse` if the scope that lent the transaction has ended.
  package func perform(_ operation: PostgresOperation) async throws(PostgresError) -> [PostgresResult] {
    try await lease.perform(operation)
  }
}

/// The right to use a connection for a while.
final class Lease: Sendable {
  let server: ServerConnection
  /// When the whole scope must be done, if ever.
  private let deadline: ContinuousClock.Instant?
  /// The longest a single statement may take. The server enforces it too, and a bit sooner, so this
  /// strikes only when the server or the network is gone.
  private let operationTimeout: Duration
  private let isOver = Atomic(false)

  init(server: ServerConnection, deadline: ContinuousClock.Instant?, operationTimeout: Duration) {
    self.server = server
    self.deadline = deadline
    self.operationTimeout = operationTimeout
  }

  /// Ends the right: whatever is asked for afterwards is refused.
  func end() {
    isOver.store(true, ordering: .releasing)
  }

  func perform(_ operation: PostgresOperation) async throws(PostgresError) -> [PostgresResult] {
    guard !isOver.load(ordering: .acquiring) else {
      throw PostgresError(.misuse, "a database connection was used after the scope that lent it")
    }
    let limit = ContinuousClock.now + operationTimeout
    return try await server.perform(operation, deadline: min(limit, deadline ?? limit))
  }
}
