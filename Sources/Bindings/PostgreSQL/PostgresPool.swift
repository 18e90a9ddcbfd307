package import Logging
import Synchronization

/// A bounded set of connections to one database; its bounds are its `options`.
///
/// Connections are made when needed. One that the server closed is replaced before anything is sent on it, so a
/// restart of the server costs an error only to statements that were running.
package final class PostgresPool: Sendable {
  typealias State = PoolState<ServerConnection, PoolWaiter>

  package let options: PostgresPoolOptions
  let settings: PostgresSettings
  let logger: Logger
  private let state: Mutex<State>
  /// Connections from before are of no more use: the server that they lead to was found to take no changes.
  private let oldest = Mutex<ContinuousClock.Instant?>(nil)

  /// Connects to nothing yet.
  ///
  /// - Throws: `configuration` if the URL is not usable.
  package init(
    url: String, options: PostgresPoolOptions = .standard, logger: Logger
  ) throws(PostgresError) {
    self.options = options
    self.logger = logger
    settings = try PostgresSettings(url: url, applicationName: options.applicationName)
    guard options.maximumConnections > 0 else {
      throw PostgresError(.configuration, "the database pool needs at least one connection")
    }
    state = Mutex(State(maximumConnections: options.maximumConnections, maximumWaiters: options.maximumWaiters))
  }

  package convenience init(url: String, maximumConnections: Int, logger: Logger) throws(PostgresError) {
    var options = PostgresPoolOptions.standard
    options.maximumConnections = maximumConnections
    try self.init(url: url, options: options, logger: logger)
  }

  /// Lends a connection to `body`.
  ///
  /// - Parameter deadline: when acquiring and every statement must be done, if sooner than the
  ///   pool's own limits say.
  package func withConnection<Answer: Sendable>(
    deadline: ContinuousClock.Instant? = nil,
    _ body: @Sendable (PostgresConnection) async throws -> Answer
  ) async throws -> Answer {
    let lease = try await lend(deadline: deadline)
    do {
      let answer = try await body(PostgresConnection(lease: lease))
      await takeBack(lease)
      return answer
    } catch {
      await takeBack(lease)
      throw error
    }
  }

  /// Makes sure that a statement gets an answer, from a server that takes changes.
  ///
  /// - Throws: ``PostgresError``, with ``PostgresError/isReadOnly`` if the server takes no changes.
  package func ping(within limit: Duration = .milliseconds(1_500)) async throws(PostgresError) {
    let deadline = ContinuousClock.now + limit
    let lease = try await lend(deadline: deadline)
    let outcome: Result<Void, PostgresError>
    do throws(PostgresError) {
      outcome = .success(try await lease.server.checkWritable(deadline: deadline))
    } catch {
      outcome = .failure(error)
    }
    await takeBack(lease)
    try outcome.get()
  }

  /// How busy a pool is at a moment: connections lent, connections that wait for somebody (`idleCount`), and callers
  /// that wait for a connection (`waiterCount`).
  package struct Statistics: Sendable {
    /// Connections lent, or being made.
    package let lentCount: Int
    package let idleCount: Int
    package let waiterCount: Int
  }

  /// How busy the pool is now, for metrics and status pages.
  package var statistics: Statistics {
    state.withLock {
      Statistics(lentCount: $0.grantedCount, idleCount: $0.idle.count, waiterCount: $0.waiters.count)
    }
  }

  /// Turns callers away from now on, and closes connections as they come back.
  package func close() async {
    let (waiters, idle) = state.withLock { $0.close() }
    for waiter in waiters { _ = waiter.decide(.failure(Self.closed)) }
    for connection in idle { await connection.close() }
  }

  private static var closed: PostgresError { PostgresError(.poolClosed, "the database pool is closed") }

  /// - Parameter statementTimeout: the server's limit for one statement.
  func lend(
    deadline: ContinuousClock.Instant?, statementTimeout: Duration? = nil
  ) async throws(PostgresError) -> Lease {
    let start = ContinuousClock.now
    let limit = start + options.acquireTimeout
    let server: ServerConnection
    do {
      server = try await acquire(by: min(limit, deadline ?? limit))
    } catch {
      options.observer?.refused(error)
      throw error
    }
    options.observer?.lent(after: .now - start)
    // Some time on top, so that normally the server's own timeout strikes first.
    let operationTimeout = (statementTimeout ?? options.statementTimeout) + .seconds(2)
    return Lease(server: server, deadline: deadline, operationTimeout: operationTimeout)
  }

  /// Ends a lease, and gives its connection to the next in the queue, or keeps it for later.
  func takeBack(_ lease: Lease) async {
    lease.end()
    await release(lease.server)
  }
}

extension PostgresPool: PostgresExecutor {
  /// Runs it on any connection.
  package func perform(_ operation: PostgresOperation) async throws(PostgresError) -> [PostgresResult] {
    let lease = try await lend(deadline: nil)
    let outcome = await Result(catchingFrom: lease, operation)
    await takeBack(lease)
    return try outcome.get()
  }
}

extension Result where Success == [PostgresResult], Failure == PostgresError {
  fileprivate init(catchingFrom lease: Lease, _ operation: PostgresOperation) async {
    do {
      self = .success(try await lease.perform(operation))
    } catch {
      self = .failure(error)
    }
  }
}

extension PostgresPool {
  private func acquire(by deadline: ContinuousClock.Instant) async throws(PostgresError) -> ServerConnection {
    var grant = try await admit(by: deadline)
    while true {
      switch grant {
      case .reuse(let connection):
        if !hasExpired(connection), await connection.isAlive() { return connection }
        await connection.close()
        grant = state.withLock { $0.nextGrant() }
      case .open:
        do {
          return try await open(by: deadline)
        } catch {
          await release(nil)
          throw error
        }
      }
    }
  }

  /// Takes a permit, in order of arrival.
  private func admit(by deadline: ContinuousClock.Instant) async throws(PostgresError) -> State.Grant {
    let waiter = PoolWaiter()
    switch state.withLock({ $0.admit(waiter) }) {
    case .granted(let grant):
      return grant
    case .refused:
      throw PostgresError(
        .poolExhausted, "too many callers wait for a database connection (\(options.maximumWaiters)): try again later")
    case .closed:
      throw Self.closed
    case .queued:
      // Ends with this scope.
      async let _: Void = expire(waiter, at: deadline)
      return try await withTaskCancellationHandler {
        await waiter.outcome()
      } onCancel: {
        leave(waiter, PostgresError(.cancelled, "waiting for a database connection was cancelled"))
      }.get()
    }
  }

  private func expire(_ waiter: PoolWaiter, at deadline: ContinuousClock.Instant) async {
    do {
      try await Task.sleep(until: deadline, clock: .continuous)
    } catch {
      return
    }
    leave(
      waiter,
      PostgresError(
        .poolExhausted,
        "all \(options.maximumConnections) database connections were busy until the deadline: try again later"))
  }

  private func leave(_ waiter: PoolWaiter, _ reason: PostgresError) {
    if waiter.decide(.failure(reason)) {
      state.withLock { $0.remove(waiter) }
    }
  }

  /// - Parameter connection: nil if it is gone.
  private func release(_ connection: ServerConnection?) async {
    if let connection, connection.foundReadOnly { await distrustConnections() }
    var kept = connection
    if let connection, connection.health != .idle || hasExpired(connection) {
      await connection.close()
      kept = nil
    }
    while true {
      switch state.withLock({ $0.release(kept) }) {
      case .done:
        return
      case .close(let connection):
        await connection.close()
        return
      case .handOver(let waiter, let grant):
        if waiter.decide(.success(grant)) { return }
        // It left just now: its permit is ours to release again.
        kept = if case .reuse(let connection) = grant { connection } else { nil }
      }
    }
  }

  /// What was connected so far leads to a server that takes no changes: after a failover there is another to connect to.
  private func distrustConnections() async {
    oldest.withLock { $0 = .now }
    for connection in state.withLock({ $0.takeIdle() }) { await connection.close() }
  }

  /// Tries until the deadline, because a server that restarts refuses connections for a while. A connection that comes
  /// back meanwhile will do: the server may allow no more of them.
  private func open(by deadline: ContinuousClock.Instant) async throws(PostgresError) -> ServerConnection {
    var pause = Duration.milliseconds(50)
    var told: PostgresError?
    while true {
      do {
        let connection = try await ServerConnection.open(
          settings, limits: sessionLimits, deadline: deadline, observer: options.observer)
        options.observer?.connected()
        return connection
      } catch {
        // An attempt that the deadline cut short knows less than one before it that had an answer.
        let error = ContinuousClock.now < deadline ? error : told ?? error
        told = error
        let next = ContinuousClock.now + pause * Double.random(in: 0.5...1)
        guard error.isConnectionFailure || error.isOverload, next < deadline else { throw error }
        logger.debug("connecting to the database failed", metadata: ["error": "\(error)"])
        do {
          try await Task.sleep(until: next, clock: .continuous)
        } catch {
          throw PostgresError(.cancelled, "connecting to the database was cancelled")
        }
        if case .reuse(let connection) = state.withLock({ $0.nextGrant() }) {
          if !hasExpired(connection), await connection.isAlive() { return connection }
          await connection.close()
        }
        pause = min(pause * 2, .milliseconds(500))
      }
    }
  }

  var sessionLimits: SessionLimits {
    SessionLimits(
      statementTimeout: options.statementTimeout, idleInTransactionTimeout: options.idleInTransactionTimeout)
  }

  private func hasExpired(_ connection: ServerConnection) -> Bool {
    if let oldest = oldest.withLock({ $0 }), connection.openedAt <= oldest { return true }
    // A tenth that differs from connection to connection and stays the same for one.
    let share = Double(UInt(bitPattern: ObjectIdentifier(connection).hashValue) % 1000) / 10_000
    return ContinuousClock.now - connection.openedAt > options.maximumLifetime * (1 - share)
  }
}
