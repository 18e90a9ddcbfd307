import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct TransactionTests {
  private struct Regret: Error {}

  @Test func commitsWhatItDid() async throws {
    try await withPool { pool in
      try await pool.execute("create table t (n int8)")
      let answer = try await pool.withTransaction { transaction in
        try await transaction.execute("insert into t values (1), (2)")
      }
      #expect(answer == 2)
      #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 2)
    }
  }

  @Test func rollsBackWhenTheBodyThrows() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      try await pool.execute("create table t (n int8)")
      await #expect(throws: Regret.self) {
        try await pool.withTransaction { transaction in
          try await transaction.execute("insert into t values (1)")
          throw Regret()
        }
      }
      #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 0)
    }
  }

  @Test func anIgnoredFailureIsNotTakenForACommit() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      try await pool.execute("create table t (n int8)")
      let error = await postgresError {
        try await pool.withTransaction { transaction in
          try await transaction.execute("insert into t values (1)")
          _ = try? await transaction.query("select 1 / 0")
        }
      }
      #expect(error?.kind == .misuse)
      #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 0)
    }
  }

  @Test func serializationFailuresAreRetriedUntilAllIncrementsAreThere() async throws {
    try await withPool({ $0.maximumConnections = 4 }) { pool in
      try await pool.executeScript("create table counter (n int8); insert into counter values (0);")
      let runs = Shared(0)
      try await withThrowingTaskGroup { group in
        for _ in 0..<4 {
          group.addTask {
            for _ in 0..<20 {
              try await pool.withTransaction(isolation: .serializable, attempts: 100) { transaction in
                runs.change { $0 += 1 }
                let n = try await transaction.queryFirst("select n from counter")?["n"].int ?? -1
                try await transaction.execute("update counter set n = $1", [.int(n + 1)])
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await pool.queryFirst("select n from counter")?["n"].int == 80)
      #expect(runs.value >= 80)
    }
  }

  @Test func aConflictIsRetriedAndOnlySoOften() async throws {
    try await withPool { pool in
      let runs = Shared(0)
      let error = await postgresError {
        try await pool.withTransaction(attempts: 3) { transaction in
          runs.change { $0 += 1 }
          try await transaction.execute("do $$ begin raise exception 'busy' using errcode = '40001'; end $$")
        }
      }
      #expect(error?.isTransactionConflict == true)
      #expect(runs.value == 3)
    }
  }

  @Test func aDeadlockResolvesItself() async throws {
    try await withPool { pool in
      try await pool.executeScript("create table t (id int8, n int8); insert into t values (1, 0), (2, 0);")
      let met = Shared(0)
      func cross(_ first: Int, _ second: Int) async throws {
        try await pool.withTransaction { transaction in
          try await transaction.execute("update t set n = n + 1 where id = $1", [.int(first)])
          met.change { $0 += 1 }
          // Both hold their first row before either wants its second.
          try await eventually { met.value >= 2 }
          try await transaction.execute("update t set n = n + 1 where id = $1", [.int(second)])
        }
      }
      async let one: Void = cross(1, 2)
      async let two: Void = cross(2, 1)
      _ = try await (one, two)
      #expect(try await pool.query("select n from t order by id").map { try $0["n"].int } == [2, 2])
    }
  }

  @Test func aCommitWhoseAnswerNeverComesIsToldAsUnknown() async throws {
    try await withPool({ $0.maximumConnections = 2 }) { pool in
      try await pool.executeScript(
        """
        create table t (n int8);
        create function end_own_connection() returns trigger language plpgsql as $$
        begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end $$;
        create constraint trigger at_commit after insert on t deferrable initially deferred
          for each row execute function end_own_connection();
        """)
      let error = await postgresError {
        try await pool.withTransaction { transaction in
          _ = try await transaction.execute("insert into t values (1)")
        }
      }
      #expect(error?.kind == .commitOutcomeUnknown)
      #expect(error?.isConnectionFailure == true)
      #expect(try await pool.queryFirst("select count(*) as n from t")?["n"].int == 0)
    }
  }
}
