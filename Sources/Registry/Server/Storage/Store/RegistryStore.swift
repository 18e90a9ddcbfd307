package import FoundationEssentials
package import Foundations
package import PostgreSQL
import ServiceDatabase

/// Everything that the Registry keeps, in PostgreSQL; `pool` are the connections.
///
/// What can't be done is thrown as a `RequestFailure`, also what the database can't do at the moment.
package struct RegistryStore: Sendable {
  /// What bounds the store, as the settings say it.
  package struct Options: Sendable {
    /// How long after a word of it a device counts as online, in seconds.
    package var onlineWindow: TimeInterval
    /// How long a notification gets to take effect before a report makes it be repeated, in seconds.
    package var renotifyInterval: TimeInterval
    /// How long one request may wait for the database in all.
    package var deadline: Duration
    /// Bytes of each device's log that are kept, as ``LogLine/storedBytes`` counts.
    package var logBytesPerDevice: Int
    /// How many crash reports of each device are kept.
    package var crashesPerDevice: Int

    package init(
      onlineWindow: TimeInterval = 90, renotifyInterval: TimeInterval = 5, deadline: Duration = .seconds(4),
      logBytesPerDevice: Int = 16 << 20, crashesPerDevice: Int = 200
    ) {
      self.onlineWindow = onlineWindow
      self.renotifyInterval = renotifyInterval
      self.deadline = deadline
      self.logBytesPerDevice = logBytesPerDevice
      self.crashesPerDevice = crashesPerDevice
    }
  }

  package let pool: PostgresPool
  let options: Options
  let signing: AssignmentSigning
  let knownPublishers = KnownPublishers()
  /// Raised after a commit that put something into the outbox.
  package let outboxSignal: TaskSignal
  /// Raised after a commit that took a device out of service.
  package let revocationSignal = TaskSignal()
  /// Raised after a commit that left events to be removed.
  package let removalSignal = TaskSignal()
  /// The requests at this replica that wait for lines of devices' logs.
  let logFollowers = LogFollowers()
  let counters = StoreCounters()

  package init(
    pool: PostgresPool, options: Options = Options(), signing: AssignmentSigning = .none,
    outboxSignal: TaskSignal = TaskSignal()
  ) {
    self.pool = pool
    self.options = options
    self.signing = signing
    self.outboxSignal = outboxSignal
  }

  /// Runs `body` on one connection, outside of a transaction.
  func read<T: Sendable>(
    _ body: @Sendable (PostgresConnection) async throws -> T
  ) async throws -> T {
    try await answering { try await pool.withConnection(deadline: .now + options.deadline, body) }
  }

  /// Runs `body` in one transaction, again from its start when another one was in the way.
  func write<T: Sendable>(
    _ body: @Sendable (PostgresTransaction) async throws -> T
  ) async throws -> T {
    try await answering { try await pool.withTransaction(deadline: .now + options.deadline, body) }
  }

  /// Runs a transaction of two round trips; see ``PostgresPool/withShortTransaction``.
  func writeShortly<Answer: Sendable>(
    reading reads: [PostgresStatement],
    _ plan: @Sendable ([[PostgresRow]]) throws -> ShortTransactionPlan<Answer>
  ) async throws -> (answer: Answer, rows: [[PostgresRow]]) {
    try await answering {
      try await pool.withShortTransaction(reading: reads, deadline: .now + options.deadline, plan)
    }
  }

  private func answering<T>(_ body: () async throws -> T) async throws -> T {
    do {
      return try await body()
    } catch let error as PostgresError {
      throw RequestFailure(database: error) ?? error
    }
  }
}
