import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct PoolTests {
  /// Holds all connections of a pool until told.
  private func occupying(
    _ pool: PostgresPool, count: Int, _ body: () async throws -> Void
  ) async throws {
    let (release, releaser) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
    let holder = Task {
      try await withThrowingTaskGroup { group in
        for _ in 0..<count {
          group.addTask {
            try await pool.withConnection { _ in for await _ in release {} }
          }
        }
        try await group.waitForAll()
      }
    }
    try await eventually { pool.statistics.lentCount == count }
    do {
      try await body()
    } catch {
      releaser.finish()
      _ = await holder.result
      throw error
    }
    releaser.finish()
    try await holder.value
  }

  @Test func neverMoreConnectionsThanAllowedUnderLoad() async throws {
    try await withPool({ $0.maximumConnections = 4 }) { pool in
      let total = try await withThrowingTaskGroup(of: Int.self) { group in
        for index in 0..<200 {
          group.addTask { try await pool.queryFirst("select $1 + 1 as n", [.int(index)])?["n"].int ?? 0 }
        }
        return try await group.reduce(0, +)
      }
      #expect(total == 200 * 201 / 2)
      let backends = try await pool.queryFirst(
        "select count(*) as n from pg_stat_activity where datname = current_database()")
      #expect(try #require(try backends?["n"].int) <= 4)
      #expect(pool.statistics.lentCount == 0)
      #expect(pool.statistics.idleCount <= 4)
    }
  }

  @Test func aCallerThatWaitsTooLongIsToldSo() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      try await occupying(pool, count: 1) {
        let error = await postgresError {
          try await pool.withConnection(deadline: .now + .milliseconds(50)) { _ = try await $0.query("select 1") }
        }
        #expect(error?.kind == .poolExhausted)
        #expect(error?.isTransient == true)
        #expect(pool.statistics.waiterCount == 0)
      }
      #expect(try await pool.queryFirst("select 1 as n")?["n"].int == 1)
    }
  }

  @Test func aFullQueueRefusesAtOnce() async throws {
    try await withPool({
      $0.maximumConnections = 1
      $0.maximumWaiters = 2
      $0.acquireTimeout = .seconds(60)
    }) { pool in
      let waiting = Shared<[Task<Void, any Error>]>([])
      try await occupying(pool, count: 1) {
        for _ in 0..<2 {
          let task = Task<Void, any Error> { try await pool.query("select 1") }
          waiting.change { $0.append(task) }
        }
        try await eventually { pool.statistics.waiterCount == 2 }
        let error = await postgresError { try await pool.query("select 1") }
        #expect(error?.kind == .poolExhausted)
      }
      for task in waiting.value { try await task.value }
    }
  }

  @Test func firstComeFirstServed() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      let order = Shared<[Int]>([])
      let tasks = Shared<[Task<Void, any Error>]>([])
      try await occupying(pool, count: 1) {
        for index in 0..<10 {
          let task = Task<Void, any Error> {
            try await pool.withConnection { _ in order.change { $0.append(index) } }
          }
          tasks.change { $0.append(task) }
          try await eventually { pool.statistics.waiterCount == index + 1 }
        }
      }
      for task in tasks.value { try await task.value }
      #expect(order.value == Array(0..<10))
    }
  }

  @Test func cancelledCallersLeaveTheQueueAndNothingLeaks() async throws {
    try await withPool({
      $0.maximumConnections = 2
      $0.acquireTimeout = .seconds(60)
    }) { pool in
      for round in 0..<20 {
        try await occupying(pool, count: 2) {
          let tasks = (0..<10).map { _ in
            Task { await postgresError { try await pool.query("select 1") }?.kind }
          }
          // Some are cancelled before they queue, some after.
          if round % 2 == 0 { try await eventually { pool.statistics.waiterCount == 10 } }
          for task in tasks { task.cancel() }
          for task in tasks { #expect(await task.value == .cancelled) }
          #expect(pool.statistics.waiterCount == 0)
        }
        #expect(pool.statistics.lentCount == 0)
      }
    }
  }

  @Test func cancellingWhileTheConnectionIsHandedOverLosesNoPlace() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      for _ in 0..<100 {
        let holder = Task { try await pool.withConnection { _ in await Task.yield() } }
        let waiter = Task { try? await pool.withConnection { _ in } }
        await Task.yield()
        waiter.cancel()
        try await holder.value
        await waiter.value
      }
      #expect(pool.statistics.lentCount == 0)
      #expect(try await pool.queryFirst("select 1 as n")?["n"].int == 1)
    }
  }

  @Test func anOldConnectionIsReplaced() async throws {
    try await withPool({
      $0.maximumConnections = 1
      $0.maximumLifetime = .zero
    }) { pool in
      let first = try await pool.queryFirst("select pg_backend_pid() as id")?["id"].int
      let second = try await pool.queryFirst("select pg_backend_pid() as id")?["id"].int
      #expect(first != second)
    }
  }

  @Test func aClosedPoolTurnsCallersAway() async throws {
    try await withPool { pool in
      try await pool.query("select 1")
      await pool.close()
      #expect(await postgresError { try await pool.query("select 1") }?.kind == .poolClosed)
      #expect(pool.statistics.idleCount == 0)
    }
  }

  @Test func aConnectionLeftInsideATransactionIsNotLentAgain() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      let first = try await pool.queryFirst("select pg_backend_pid() as id")?["id"].int
      try await pool.query("begin")
      let second = try await pool.queryFirst("select pg_backend_pid() as id")?["id"].int
      #expect(first != second)
    }
  }

  /// Counts what it is told.
  private final class Counting: PostgresPoolObserver {
    struct Counts: Equatable {
      var lent = 0
      var refused: [PostgresError.Kind] = []
      var connected = 0
      var statements = 0
      var transactions = 0
      var failures = 0
    }

    let counts = Shared(Counts())

    func lent(after wait: Duration) { counts.change { $0.lent += 1 } }
    func refused(_ error: PostgresError) { counts.change { $0.refused.append(error.kind) } }
    func connected() { counts.change { $0.connected += 1 } }
    func performed(statements: Int, beginsTransaction: Bool, in duration: Duration, failure: PostgresError?) {
      counts.change {
        $0.statements += statements
        if beginsTransaction { $0.transactions += 1 }
        if failure != nil { $0.failures += 1 }
      }
    }
  }

  @Test func anObserverIsToldWhatThePoolDoes() async throws {
    let observer = Counting()
    try await withPool({
      $0.maximumConnections = 1
      $0.observer = observer
    }) { pool in
      try await pool.query("select 1")
      #expect(observer.counts.value == Counting.Counts(lent: 1, connected: 1, statements: 1, transactions: 1))
      // Its begin and its commit are statements too, and all of it is one transaction.
      _ = try await pool.withTransaction { transaction in
        try await transaction.pipeline([PostgresStatement("select 1"), PostgresStatement("select 2")])
      }
      #expect(observer.counts.value == Counting.Counts(lent: 2, connected: 1, statements: 5, transactions: 2))
      _ = await postgresError { try await pool.query("select 1 / 0") }
      #expect(observer.counts.value.failures == 1)
      try await occupying(pool, count: 1) {
        _ = await postgresError {
          try await pool.withConnection(deadline: .now + .milliseconds(50)) { _ = try await $0.query("select 1") }
        }
      }
      #expect(observer.counts.value.refused == [.poolExhausted])
    }
  }
}
