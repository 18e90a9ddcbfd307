import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct ShortTransactionTests {
  private struct Regret: Error {}

  private func count(_ pool: PostgresPool) async throws -> Int? {
    try await pool.queryFirst("select count(*) as n from t")?["n"].int
  }

  private static let insertion = PostgresStatement("insert into t values ($1) returning n", [.int8(7)])

  @Test(arguments: [true, false]) func commitsWhatThePlanWrites(reads: Bool) async throws {
    try await withPool { pool in
      try await pool.execute("create table t (n int8)")
      let outcome = try await pool.withShortTransaction(
        reading: reads ? [PostgresStatement("select 5::int8 as n"), PostgresStatement("select 6::int8 as n")] : []
      ) { rows in
        #expect(rows.count == (reads ? 2 : 0))
        return ShortTransactionPlan(try rows.last?.first?["n"].int, writes: [Self.insertion])
      }
      #expect(outcome.answer == (reads ? 6 : nil))
      #expect(try outcome.rows[0][0]["n"].int == 7)
      #expect(try await count(pool) == 1)
    }
  }

  @Test func leavesNothingBehindWhenThePlanOrAStatementFails() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      try await pool.execute("create table t (n int8)")
      await #expect(throws: Regret.self) {
        _ = try await pool.withShortTransaction(reading: [Self.insertion]) { _ -> ShortTransactionPlan<Void> in
          throw Regret()
        }
      }
      for failing in [
        [Self.insertion, PostgresStatement("select 1 / $1", [.int8(0)])],
        [PostgresStatement("select $1 from nowhere", [.int8(0)])],
      ] {
        let error = await postgresError {
          _ = try await pool.withShortTransaction(reading: []) { _ in ShortTransactionPlan((), writes: failing) }
        }
        #expect(error?.kind == .server)
        let second = await postgresError {
          _ = try await pool.withShortTransaction(reading: failing) { _ in ShortTransactionPlan((), writes: []) }
        }
        #expect(second?.kind == .server)
      }
      #expect(try await count(pool) == 0)
      // The one connection is as good as new.
      #expect(pool.statistics.idleCount == 1)
    }
  }

  /// The server looks for a deadlock after a second of waiting.
  @Test func runsAgainWhenAnotherTransactionWasInTheWay() async throws {
    try await withPool({ $0.maximumConnections = 8 }) { pool in
      try await pool.executeScript("create table t (id int8 primary key, n int8); insert into t values (1, 0), (2, 0);")
      let step: @Sendable (Int64) -> PostgresStatement = {
        PostgresStatement("update t set n = n + 1 where id = $1", [.int8($0)])
      }
      try await withThrowingTaskGroup { group in
        for task in 0..<4 {
          group.addTask {
            for _ in 0..<3 {
              // Half of them lock in the other order, and meet those in a deadlock.
              let order: [Int64] = task.isMultiple(of: 2) ? [1, 2] : [2, 1]
              _ = try await pool.withShortTransaction(reading: [step(order[0])], attempts: 100) { _ in
                ShortTransactionPlan((), writes: [step(order[1])])
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await pool.queryFirst("select sum(n)::int8 as n from t")?["n"].int == 24)
    }
  }

  /// The texts of statements are prepared once in each session, and a table may change under them.
  @Test func preparedStatementsOutliveWhatChangesUnderThem() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      try await pool.executeScript("create table t (n int8); insert into t values (7);")
      let question = PostgresStatement("select * from t where n = $1", [.int8(7)])
      for _ in 0..<3 { #expect(try await pool.pipeline([question])[0].count == 1) }
      #expect(
        try await pool.queryFirst("select count(*) as n from pg_prepared_statements where statement like 'select *%'")?[
          "n"
        ].int == 1)
      // Its rows have another form now: the session that prepared it can't run it any more, and gives way to another.
      try await pool.execute("alter table t add m int8")
      _ = await postgresError { _ = try await pool.pipeline([question]) }
      #expect(try await pool.pipeline([question])[0].count == 1)
      try await pool.executeScript("deallocate all")
      _ = await postgresError { _ = try await pool.pipeline([question]) }
      #expect(try await pool.pipeline([question])[0].count == 1)
    }
  }

  @Test func twoRoundTripsAreAllItTakes() async throws {
    let server = try await PostgresServer.shared()
    let database = try await server.createDatabase()
    let proxy = try await DelayProxy(port: server.port, roundTripMilliseconds: 40)
    try await withPool(
      url: database.replacing(":\(server.port)/", with: ":\(proxy.port)/"), { $0.maximumConnections = 1 }
    ) {
      pool in
      try await pool.execute("create table t (n int8)")
      let writes = (0..<50).map { PostgresStatement("insert into t values ($1)", [.int8(Int64($0))]) }
      let start = ContinuousClock.now
      _ = try await pool.withShortTransaction(reading: writes) { _ in ShortTransactionPlan((), writes: writes) }
      // A round trip for each statement would be four seconds of waiting alone.
      #expect(ContinuousClock.now - start < .seconds(3))
      #expect(try await count(pool) == 100)
    }
  }
}
