import Synchronization

/// A connection to the server, with a thread on which its blocking calls run.
actor ServerConnection {
  enum Health: Sendable {
    /// Ready for anyone.
    case idle
    /// In the middle of somebody's transaction.
    case inTransaction
    case broken
  }

  /// Changes with every operation, and is readable without waiting for one.
  private final class HealthRecord: Sendable {
    let value = Mutex(Health.broken)
  }

  private nonisolated let executor: ThreadExecutor
  private nonisolated let wake: WakeDescriptor
  private nonisolated let record = HealthRecord()
  nonisolated let openedAt = ContinuousClock.now
  private var handle: ConnectionHandle?

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
  nonisolated var health: Health { record.value.withLock { $0 } }

  private init(executor: ThreadExecutor, wake: WakeDescriptor) {
    self.executor = executor
    self.wake = wake
  }

  deinit {
    executor.stop()
  }

  /// Connects and applies the server-side limits.
  static func open(
    _ settings: PostgresSettings, limits: SessionLimits, deadline: ContinuousClock.Instant
  ) async throws(PostgresError) -> ServerConnection {
    let wake = try WakeDescriptor()
    let executor = ThreadExecutor()
    try executor.start()
    let connection = ServerConnection(executor: executor, wake: wake)
    try await connection.interruptible { (connection, interrupt) in
      await connection.connect(settings, limits, Watch(deadline: deadline, interrupt: interrupt))
    }
    return connection
  }

  private func connect(_ settings: PostgresSettings, _ limits: SessionLimits, _ watch: Watch) -> Result<
    Void, PostgresError
  > {
    Result { () throws(PostgresError) in
      let handle = try ConnectionHandle(settings: settings, wake: wake, watch: watch)
      _ = try handle.run(.statement(limits.statement), watch)
      self.handle = handle
      updateHealth()
    }
  }

  /// - Parameter isShielded: goes on when the task is cancelled, for statements that clean up.
  nonisolated func perform(
    _ operation: PostgresOperation, deadline: ContinuousClock.Instant, isShielded: Bool = false
  ) async throws(PostgresError) -> [PostgresResult] {
    if isShielded {
      return try await run(operation, Watch(deadline: deadline, interrupt: Interrupt(waking: wake))).get()
    }
    return try await interruptible { (connection, interrupt) in
      await connection.run(operation, Watch(deadline: deadline, interrupt: interrupt))
    }
  }

  private func run(_ operation: PostgresOperation, _ watch: Watch) -> Result<[PostgresResult], PostgresError> {
    defer { updateHealth() }
    return Result { () throws(PostgresError) in
      guard let handle else { throw PostgresError(.connectionLost, "the database connection is closed") }
      return try handle.run(operation, watch).map(PostgresResult.init)
    }
  }

  /// Waits for notifications; an empty answer means that none came before the deadline.
  nonisolated func notifications(
    atMost limit: Int, deadline: ContinuousClock.Instant
  ) async throws(PostgresError) -> NotificationBatch {
    try await interruptible { (connection, interrupt) in
      await connection.waitForNotifications(limit, Watch(deadline: deadline, interrupt: interrupt))
    }
  }

  private func waitForNotifications(_ limit: Int, _ watch: Watch) -> Result<NotificationBatch, PostgresError> {
    defer { updateHealth() }
    return Result { () throws(PostgresError) in
      guard let handle else { throw PostgresError(.connectionLost, "the database connection is closed") }
      return try handle.notifications(atMost: limit, watch)
    }
  }

  /// Whether the connection is ready and the server still holds its end.
  func isAlive() -> Bool {
    guard let handle, handle.isIdle, handle.checkAlive() else {
      record.value.withLock { $0 = .broken }
      return false
    }
    return true
  }

  func close() {
    handle = nil
    updateHealth()
  }

  private func updateHealth() {
    let health: Health =
      if let handle, !handle.isBroken { handle.isIdle ? .idle : .inTransaction } else { .broken }
    record.value.withLock { $0 = health }
  }

  private nonisolated func interruptible<Answer: Sendable>(
    _ body: @Sendable (ServerConnection, Interrupt) async -> Result<Answer, PostgresError>
  ) async throws(PostgresError) -> Answer {
    let interrupt = Interrupt(waking: wake)
    return try await withTaskCancellationHandler {
      await body(self, interrupt)
    } onCancel: {
      interrupt.trigger()
    }.get()
  }
}

/// What a session tells the server to enforce by itself, so that a client that hangs or vanishes
/// holds no locks for long.
struct SessionLimits: Sendable {
  var statementTimeout: Duration
  var idleInTransactionTimeout: Duration

  var statement: PostgresStatement {
    PostgresStatement(
      """
      select set_config('statement_timeout', $1, false),
        set_config('idle_in_transaction_session_timeout', $2, false),
        set_config('TimeZone', 'UTC', false)
      """,
      [.text(Self.milliseconds(statementTimeout)), .text(Self.milliseconds(idleInTransactionTimeout))])
  }

  static func milliseconds(_ duration: Duration) -> String {
    "\(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)"
  }
}
