import Dispatch
import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct CancellationTests {
  private func sleepersCount(_ pool: PostgresPool) async throws -> Int {
    try await pool.queryFirst(
      """
      select count(*) as n from pg_stat_activity
      where datname = current_database() and state = 'active' and wait_event = 'PgSleep'
      """)?["n"].int ?? -1
  }

  @Test func aCancelledTaskCancelsItsStatementOnTheServer() async throws {
    try await withPool({ $0.maximumConnections = 2 }) { pool in
      for _ in 0..<20 {
        let sleeper = Task { await postgresError { try await pool.query("select pg_sleep(600)") } }
        try await eventually { try await sleepersCount(pool) == 1 }
        let started = ContinuousClock.now
        sleeper.cancel()
        #expect(await sleeper.value?.kind == .cancelled)
        #expect(ContinuousClock.now - started < .seconds(120))
        #expect(try await sleepersCount(pool) == 0)
      }
      // The connections survived.
      #expect(pool.statistics.idleCount <= 2)
    }
  }

  /// Neither the statement's answer comes, nor one to the request that cancels it.
  @Test func aServerThatStandsStillHoldsNobodyBeyondTheTimeToCancel() async throws {
    let server = try await PostgresServer.shared()
    let (isStill, isFreed, wasFreedByHand) = (Shared(false), DispatchSemaphore(value: 0), Shared(false))
    let proxy = try CuttingProxy(to: server.port) { _ in
      guard isStill.value else { return true }
      isFreed.wait()
      return false
    }
    defer { for _ in 0..<64 { isFreed.signal() } }
    let url = "postgresql://postgres@127.0.0.1:\(proxy.port)/postgres?sslmode=disable&gssencmode=disable"
    try await withPool(url: url, { $0.maximumConnections = 1 }) { pool in
      try await pool.query("select 1")
      isStill.change { $0 = true }
      let rescue = Task {
        // Sleeps: the bound, reached only when the test fails.
        try await Task.sleep(for: patience)
        wasFreedByHand.change { $0 = true }
        for _ in 0..<64 { isFreed.signal() }
      }
      let error = await postgresError {
        _ = try await pool.withConnection(deadline: .now + .seconds(2)) { try await $0.query("select 1") }
      }
      rescue.cancel()
      #expect(error?.kind == .deadlineExceeded)
      #expect(!wasFreedByHand.value, "it was held for as long as the server stood still")
      #expect(pool.statistics.lentCount == 0 && pool.statistics.idleCount == 0)
    }
  }

  @Test func aCancelNeverHitsTheNextStatementOfTheConnection() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      for _ in 0..<200 {
        let first = Task { await postgresError { try await pool.query("select pg_sleep(0.001)") } }
        await Task.yield()
        first.cancel()
        let second = await postgresError { try await pool.query("select pg_sleep(0.001)") }
        #expect(second == nil)
        _ = await first.value
      }
    }
  }

  @Test func aTaskCancelledBeforeItAsksSendsNothing() async throws {
    try await withPool { pool in
      try await pool.execute("create table t (n int8)")
      let task = Task {
        while !Task.isCancelled { await Task.yield() }
        return await postgresError { try await pool.execute("insert into t values (1)") }
      }
      task.cancel()
      #expect(await task.value?.kind == .cancelled)
      #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 0)
    }
  }

  @Test func aDeadlineCancelsOnTheServerAndKeepsTheConnection() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      let before = try await pool.queryFirst("select pg_backend_pid() as id")?["id"].int
      let error = await postgresError {
        try await pool.withConnection(deadline: .now + .milliseconds(50)) { connection in
          _ = try await connection.query("select pg_sleep(600)")
        }
      }
      #expect(error?.kind == .deadlineExceeded)
      #expect(try await pool.queryFirst("select pg_backend_pid() as id")?["id"].int == before)
    }
  }

  @Test func aCancelledTransactionIsRolledBackAndItsLocksAreFree() async throws {
    try await withPool({ $0.maximumConnections = 2 }) { pool in
      try await pool.execute("create table t (n int8)")
      for _ in 0..<20 {
        let task = Task {
          await postgresError {
            try await pool.withTransaction { transaction in
              try await transaction.execute("lock table t in access exclusive mode")
              try await transaction.execute("insert into t values (1)")
              try await transaction.query("select pg_sleep(600)")
            }
          }
        }
        try await eventually { try await sleepersCount(pool) == 1 }
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 0)
      }
    }
  }

  @Test func aBatchCanBeCancelled() async throws {
    try await withPool({ $0.maximumConnections = 2 }) { pool in
      let rows = (0..<1000).map { _ in [PostgresValue.float8(0.6)] }
      let task = Task { await postgresError { try await pool.executeBatch("select pg_sleep($1)", rows) } }
      try await eventually { try await sleepersCount(pool) == 1 }
      task.cancel()
      #expect(await task.value?.kind == .cancelled)
      #expect(try await pool.queryFirst("select 1 as n")?["n"].int == 1)
    }
  }
}
