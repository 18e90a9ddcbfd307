import Dispatch
import PostgreSQL
import TestSupport
import Testing

/// A server that stands but does not do what it is there for. Each test has servers of its own.
@Suite(.seated) struct FailoverTests {
  private func withPool(
    url: String, connections: Int = 4, _ body: (PostgresPool) async throws -> Void
  ) async throws {
    try await PostgreSQLTests.withPool(
      url: url,
      {
        $0.maximumConnections = connections
        $0.acquireTimeout = .seconds(20)
      }, body)
  }

  /// Asks until the server is found to take no changes: on a busy machine one attempt may end before it is asked.
  private func expectReadOnly(_ pool: PostgresPool) async throws {
    try await eventually("a complaint that the database takes no changes") {
      let error = await postgresError {
        _ = try await pool.withConnection(deadline: .now + .seconds(1)) {
          try await $0.execute("insert into t values (1)")
        }
      }
      if let error { #expect(error.isTransient, "\(error)") }
      return error?.isReadOnly == true
    }
    try await eventually("a ping that says so") {
      let error = await postgresError { try await pool.ping(within: .seconds(1)) }
      return error?.isReadOnly == true && error?.description.contains("takes no changes") == true
    }
  }

  @Test func aDatabaseThatWasMadeReadOnlyIsToldAsSuchAndUsedAgainWhenItIsWritable() async throws {
    let server = try await PostgresServer()
    try await withPool(url: try await server.createDatabase()) { pool in
      try await pool.execute("create table t (n int8)")
      for _ in 0..<3 {
        try await server.setReadOnly(true)
        try await expectReadOnly(pool)
        #expect(pool.statistics.idleCount == 0, "a session of a server that takes no changes stays in the pool")
        try await server.setReadOnly(false)
        #expect(try await pool.execute("insert into t values (1)") == 1)
        try await pool.ping(within: .seconds(20))
      }
    }
    try await server.stop()
  }

  @Test func aTransactionThatFindsTheDatabaseReadOnlyIsRolledBackAndItsSessionNotKept() async throws {
    let server = try await PostgresServer()
    try await withPool(url: try await server.createDatabase(), connections: 1) { pool in
      try await pool.execute("create table t (n int8)")
      let error = await postgresError {
        try await pool.withTransaction { transaction in
          try await transaction.execute("insert into t values (1)")
          try await transaction.execute("set transaction read only")
          try await transaction.execute("insert into t values (2)")
        }
      }
      #expect(error?.isReadOnly == true)
      #expect(pool.statistics.idleCount == 0)
      #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 0)
    }
    try await server.stop()
  }

  @Test func sessionsMadeBeforeADatabaseWasReadOnlyAreNotKept() async throws {
    let server = try await PostgresServer()
    try await withPool(url: try await server.createDatabase()) { pool in
      try await pool.execute("create table t (n int8)")
      let before = try await Self.backends(of: pool)
      #expect(before.count == 4)
      try await server.setReadOnly(true)
      try await expectReadOnly(pool)
      try await server.setReadOnly(false)
      #expect(try await Self.backends(of: pool).isDisjoint(with: before))
    }
    try await server.stop()
  }

  @Test func ofSeveralHostsTheOneThatTakesChangesIsUsedBeforeAndAfterAFailover() async throws {
    let primary = try await PostgresServer()
    let database = try await primary.createDatabase().split(separator: "/").last.map(String.init) ?? ""
    let standby = try await PostgresServer(standbyOf: primary)
    // Only there once the standby has followed.
    try await eventually("the database on the standby") {
      try await standby.execute("select count(*) from pg_database where datname = '\(database)'").hasPrefix("1")
    }
    let url = "postgresql://postgres@127.0.0.1:\(standby.port),127.0.0.1:\(primary.port)/\(database)"
    try await withPool(url: url) { pool in
      try await pool.execute("create table t (n int8)")
      try await eventually("the table on the standby") {
        try await standby.execute("select to_regclass('t') is not null", database: database).hasPrefix("t")
      }
      try await primary.stop()
      // What stands and takes no changes says more than what can't be reached.
      try await expectReadOnly(pool)
      try await standby.promote()
      #expect(try await pool.execute("insert into t values (1)") == 1)
      try await pool.ping(within: .seconds(20))
    }
    try await standby.stop()
  }

  @Test func aStandbyByItselfIsRefusedAndUsedOnceItIsPromoted() async throws {
    let primary = try await PostgresServer()
    let standby = try await PostgresServer(standbyOf: primary)
    try await withPool(url: standby.url()) { pool in
      for _ in 0..<2 { try await expectReadOnly(pool) }
      try await standby.promote()
      #expect(try await pool.queryFirst("select 7 as n")?["n"].int == 7)
    }
    try await primary.stop()
    try await standby.stop()
  }

  @Test func aHostThatSwallowsWhatItIsSentLeavesTimeForTheNext() async throws {
    let server = try await PostgresServer.shared()
    let silent = try SilentListener()
    let url = "postgresql://postgres@127.0.0.1:\(silent.port),127.0.0.1:\(server.port)/postgres"
    try await withPool(url: url) { pool in
      let answer = try await pool.queryFirst("select 7 as n")
      #expect(try answer?["n"].int == 7)
    }
  }

  /// The pool's time ends in the middle of an attempt more often than between two.
  @Test func whatAServerSaidIsToldWhenALaterAttemptGotNoAnswer() async throws {
    let server = try await PostgresServer.shared()
    let end = DispatchSemaphore(value: 0)
    defer { for _ in 0..<64 { end.signal() } }
    let proxy = try CuttingProxy(to: server.port) { piece in
      guard piece.connection > 1 else { return false }
      end.wait()
      return false
    }
    let url = "postgresql://postgres@127.0.0.1:\(proxy.port)/postgres?sslmode=disable&gssencmode=disable"
    try await withPool(url: url) { pool in
      let error = await postgresError { try await pool.ping(within: .seconds(3)) }
      #expect(error?.description.contains("closed the connection") == true, "\(String(describing: error))")
    }
  }

  @Test func aServerWithNoConnectionLeftSaysSoAndIsUsedAgainWhenItHas() async throws {
    let server = try await PostgresServer(settings: ["max_connections=6", "max_wal_senders=0"])
    let url = try await server.createDatabase()
    try await withPool(url: url, connections: 6) { hog in
      #expect(try await Self.backends(of: hog).count >= 4)
      // What is left, one by one.
      var greedy: [PostgresPool] = []
      while greedy.count < 6 {
        let pool = try PostgresPool(url: url, options: Self.impatient, logger: quietLogger)
        greedy.append(pool)
        if await postgresError({ try await pool.query("select 1") }) != nil { break }
      }
      // On a busy machine the pool's patience may end before the server says it.
      try await eventually("the server's own words") {
        let error = try #require(await postgresError { try await greedy.last?.query("select 1") })
        #expect(error.isTransient)
        return error.description.contains("too many clients") || error.description.contains("connection slots")
      }
      await hog.close()
      try await eventually("a connection after others were given back") {
        await postgresError { try await greedy.last?.query("select 1") } == nil
      }
      for pool in greedy { await pool.close() }
    }
    try await server.stop()
  }

  @Test func callersShareTheConnectionsThatTheServerAllowsIfThoseAreFewerThanThePools() async throws {
    let server = try await PostgresServer(settings: ["max_connections=4", "max_wal_senders=0"])
    let url = try await server.createDatabase()
    try await PostgreSQLTests.withPool(
      url: url,
      {
        $0.maximumConnections = 8
        $0.acquireTimeout = .seconds(60)
      }
    ) { pool in
      try await withThrowingTaskGroup { group in
        for _ in 0..<32 { group.addTask { _ = try await pool.query("select pg_sleep(0.02)") } }
        try await group.waitForAll()
      }
    }
    try await server.stop()
  }

  private static var impatient: PostgresPoolOptions {
    var options = PostgresPoolOptions.standard
    options.maximumConnections = 1
    options.acquireTimeout = .seconds(5)
    return options
  }

  /// Opens all connections of a pool, and tells which processes serve them.
  private static func backends(of pool: PostgresPool) async throws -> Set<Int> {
    try await withThrowingTaskGroup { group in
      for _ in 0..<pool.options.maximumConnections {
        group.addTask { try await pool.queryFirst("select pg_backend_pid() as n, pg_sleep(0.3)")?["n"].int ?? 0 }
      }
      return try await group.reduce(into: []) { $0.insert($1) }
    }
  }
}
