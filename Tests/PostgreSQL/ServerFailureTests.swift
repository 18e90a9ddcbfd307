import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct ServerFailureTests {
  private func withServer(_ body: (PostgresServer, PostgresPool) async throws -> Void) async throws {
    let server = try await PostgresServer()
    let url = try await server.createDatabase()
    try await withPool(
      url: url,
      {
        $0.maximumConnections = 4
        $0.acquireTimeout = .seconds(20)
      }
    ) { pool in
      try await body(server, pool)
    }
    try await server.stop()
  }

  /// Opens all connections of the pool, which then lie idle.
  private func warm(_ pool: PostgresPool) async throws {
    try await withThrowingTaskGroup { group in
      for _ in 0..<4 { group.addTask { _ = try await pool.query("select pg_sleep(0.05)") } }
      try await group.waitForAll()
    }
  }

  @Test func aRestartBetweenStatementsIsNotNoticed() async throws {
    try await withServer { server, pool in
      try await pool.execute("create table t (n int8)")
      for round in 1...5 {
        try await warm(pool)
        try await server.restart()
        try await withThrowingTaskGroup { group in
          for _ in 0..<8 { group.addTask { _ = try await pool.execute("insert into t values (1)") } }
          try await group.waitForAll()
        }
        #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 8 * round)
      }
    }
  }

  @Test func aServerThatIsDownForAWhileIsWaitedFor() async throws {
    try await withServer { server, pool in
      try await pool.query("select 1")
      try await server.stop()
      async let answer = pool.queryFirst("select 7 as n")
      try await server.start()
      #expect(try await answer?["n"].int == 7)
    }
  }

  @Test func aServerThatStaysDownIsAClearErrorWithoutThePassword() async throws {
    try await withServer { server, pool in
      try await server.stop()
      let url = "postgresql://someone:sup3rsecret@127.0.0.1:\(server.port)/none"
      try await withPool(url: url, { $0.acquireTimeout = .milliseconds(200) }) { lost in
        let error = try #require(await postgresError { try await lost.query("select 1") })
        #expect(error.kind == .connectionFailed)
        #expect(error.description.contains("\(server.port)"))
        #expect(!String(reflecting: error).contains("sup3rsecret"))
        let ping = await postgresError { try await lost.ping(within: .milliseconds(100)) }
        #expect(ping?.isConnectionFailure == true)
      }
    }
  }

  @Test func pgTerminateBackendInTheMiddleOfAStatement() async throws {
    try await withPool({ $0.maximumConnections = 2 }) { pool in
      for _ in 0..<20 {
        let victim = Task { await postgresError { try await pool.query("select pg_sleep(600)") } }
        try await eventually {
          try await pool.queryFirst(
            """
            select count(pg_terminate_backend(pid)) as n from pg_stat_activity
            where datname = current_database() and wait_event = 'PgSleep'
            """)?["n"].int == 1
        }
        let error = await victim.value
        #expect(error?.kind == .connectionLost)
        #expect(error?.sqlState == .adminShutdown)
        #expect(try await pool.queryFirst("select 7 as n")?["n"].int == 7)
      }
    }
  }

  @Test func kill9OfThePostmasterInTheMiddleOfStatements() async throws {
    try await withServer { server, pool in
      try await pool.execute("create table t (n int8)")
      for round in 1...3 {
        let victims = (0..<3).map { _ in
          Task { await postgresError { try await pool.query("select pg_sleep(600)") } }
        }
        try await eventually {
          try await pool.queryFirst("select count(*) as n from pg_stat_activity where wait_event = 'PgSleep'")?["n"]
            .int == 3
        }
        try await server.kill()
        for victim in victims { #expect(await victim.value?.kind == .connectionLost) }
        try await server.start()
        #expect(try await pool.execute("insert into t values (1)") == 1)
        #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == round)
      }
    }
  }

  @Test func aTransactionThatLosesItsConnectionIsRolledBack() async throws {
    try await withPool({ $0.maximumConnections = 2 }) { pool in
      try await pool.execute("create table t (n int8)")
      let error = await postgresError {
        try await pool.withTransaction { transaction in
          try await transaction.execute("insert into t values (1)")
          try await transaction.query("select pg_terminate_backend(pg_backend_pid())")
        }
      }
      #expect(error?.kind == .connectionLost)
      #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 0)
    }
  }
}
