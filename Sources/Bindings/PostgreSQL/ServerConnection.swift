import Synchronization

/// A connection to the server, with a thread on which its blocking calls run.
actor ServerConnection {
  /// What a connection is good for now.
  enum Health: Sendable {
    /// Ready for anyone.
    case idle
    /// In the middle of a transaction of whoever has it.
    case inTransaction
    case broken
  }

  /// Changes with every operation, and is readable without waiting for one.
  private final class HealthRecord: Sendable {
    let value = Mutex(Health.broken)
    let foundReadOnly = Atomic(false)
  }

  private nonisolated let executor: ThreadExecutor
  private nonisolated let wake: WakeDescriptor
  private nonisolated let record = HealthRecord()
  private nonisolated let observer: (any PostgresPoolObserver)?
  nonisolated let openedAt = ContinuousClock.now
  private var handle: ConnectionHandle?
  /// The server stands but does not do what it is there for: whoever has the connection closes it.
  private var isCondemned = false

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
  nonisolated var health: Health { record.value.withLock { $0 } }
  /// Whether the server refused a change as one that takes none.
  nonisolated var foundReadOnly: Bool { record.foundReadOnly.load(ordering: .acquiring) }

  private init(executor: ThreadExecutor, wake: WakeDescriptor, observer: (any PostgresPoolObserver)?) {
    self.executor = executor
    self.wake = wake
    self.observer = observer
  }

  deinit {
    executor.stop()
  }

  /// Connects to the first of the hosts that takes changes, and applies the server-side limits.
  ///
  /// - Parameter observer: told of what is performed.
  static func open(
    _ settings: PostgresSettings, limits: SessionLimits, deadline: ContinuousClock.Instant,
    observer: (any PostgresPoolObserver)? = nil
  ) async throws(PostgresError) -> ServerConnection {
    let candidates = settings.candidates
    var complaints: [PostgresError] = []
    for (index, candidate) in candidates.enumerated() {
      // A host that swallows what it is sent must leave time for those after it.
      let now = ContinuousClock.now
      let share = now + (deadline - now) / (candidates.count - index)
      do {
        let connection = try await openOne(
          candidate.settings, limits: limits, deadline: share, observer: observer)
        settings.prefer(candidate.number)
        return connection
      } catch {
        if error.isCancelled { throw error }
        complaints.append(error)
      }
    }
    // A host that stands and takes no changes says more than one that can't be reached.
    var error = complaints.first(where: \.isReadOnly) ?? complaints[0]
    if complaints.count > 1 { error.message = complaints.map(\.message).joined(separator: "; ") }
    throw error
  }

  private static func openOne(
    _ settings: PostgresSettings, limits: SessionLimits, deadline: ContinuousClock.Instant,
    observer: (any PostgresPoolObserver)?
  ) async throws(PostgresError) -> ServerConnection {
    let wake = try WakeDescriptor()
    let executor = ThreadExecutor()
    try executor.start()
    let connection = ServerConnection(executor: executor, wake: wake, observer: observer)
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
      let answer = try handle.run(.statement(limits.statement), watch).map(PostgresResult.init).last?.rows.first
      guard try answer?["read_only"].bool == false else { throw handle.readOnlyFailure(.connectionFailed) }
      self.handle = handle
      updateHealth()
    }
  }

  /// - Parameter isShielded: goes on when the task is cancelled, for statements that clean up.
  nonisolated func perform(
    _ operation: PostgresOperation, deadline: ContinuousClock.Instant, isShielded: Bool = false
  ) async throws(PostgresError) -> [PostgresResult] {
    guard let observer else {
      return try await performUnobserved(operation, deadline: deadline, isShielded: isShielded)
    }
    let start = ContinuousClock.now
    let begins = health == .idle
    var failure: PostgresError?
    defer {
      observer.performed(
        statements: operation.statementCount, beginsTransaction: begins, in: .now - start, failure: failure)
    }
    do {
      return try await performUnobserved(operation, deadline: deadline, isShielded: isShielded)
    } catch {
      failure = error
      throw error
    }
  }

  private nonisolated func performUnobserved(
    _ operation: PostgresOperation, deadline: ContinuousClock.Instant, isShielded: Bool
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
      do throws(PostgresError) {
        return try handle.run(operation, watch).map(PostgresResult.init)
      } catch {
        if error.condemnsSession { condemn(error) }
        throw error
      }
    }
  }

  private func condemn(_ reason: PostgresError) {
    isCondemned = true
    if reason.isReadOnly { record.foundReadOnly.store(true, ordering: .releasing) }
  }

  /// Asks the server whether it takes changes.
  ///
  /// - Throws: ``PostgresError`` whose ``PostgresError/isReadOnly`` is true if it takes none.
  nonisolated func checkWritable(deadline: ContinuousClock.Instant) async throws(PostgresError) {
    let answer = try await perform(.statement(Self.writabilityQuestion), deadline: deadline)
    if try answer.last?.rows.first?["read_only"].bool != false { throw await refuseAsReadOnly() }
  }

  private static let writabilityQuestion = PostgresStatement("select " + SessionLimits.readOnlyColumn)

  private func refuseAsReadOnly() -> PostgresError {
    let reason =
      handle?.readOnlyFailure(.server) ?? PostgresError(.connectionLost, "the database connection is closed")
    condemn(reason)
    updateHealth()
    return reason
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
    guard let handle, !isCondemned, handle.isIdle, handle.checkAlive() else {
      record.value.withLock { $0 = .broken }
      return false
    }
    return true
  }

  /// Closes the connection. A further call does nothing.
  func close() {
    handle = nil
    updateHealth()
  }

  private func updateHealth() {
    let health: Health =
      if let handle, !handle.isBroken, !isCondemned { handle.isIdle ? .idle : .inTransaction } else { .broken }
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
///
/// Statements are planned for their values each time: a plan that was kept from when a table was small would go through
/// all of it later. Nor is a table gone through for a few hundred rows of it, as PostgreSQL does where it takes every
/// page for one on a turning disk.
struct SessionLimits: Sendable {
  var statementTimeout: Duration
  var idleInTransactionTimeout: Duration

  var statement: PostgresStatement {
    PostgresStatement(
      """
      select set_config('statement_timeout', $1, false),
        set_config('idle_in_transaction_session_timeout', $2, false),
        set_config('TimeZone', 'UTC', false),
        set_config('plan_cache_mode', 'force_custom_plan', false),
        set_config('random_page_cost', '1.1', false),
      """ + " " + Self.readOnlyColumn,
      [.text(Self.milliseconds(statementTimeout)), .text(Self.milliseconds(idleInTransactionTimeout))])
  }

  /// Whether the server takes no changes. Asked for here and not by libpq's target_session_attrs, whose answer is a text.
  static let readOnlyColumn: SQL = """
    (pg_is_in_recovery() or current_setting('transaction_read_only') = 'on') as read_only
    """

  static func milliseconds(_ duration: Duration) -> String {
    "\(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)"
  }
}
