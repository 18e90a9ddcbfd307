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

  @Test func `a cancelled task cancels its statement on the server`() async throws {
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

  @Test func `a cancel never hits the next statement of the connection`() async throws {
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

  @Test func `a task cancelled before it asks sends nothing`() async throws {
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

  @Test func `a deadline cancels on the server and keeps the connection`() async throws {
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

  @Test func `a cancelled transaction is rolled back and its locks are free`() async throws {
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

  @Test func `a batch can be cancelled`() async throws {
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
