import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct StatementTests {
  @Test(arguments: [
    "'; drop table guests; --", "\\'; drop table guests; --", "' or '1'='1", "$1", "%s", "{}", "\"", "\u{2019}; --",
  ])
  func hostileTextStaysData(_ hostile: String) async throws {
    try await withPool { pool in
      try await pool.execute("create table guests (name text)")
      try await pool.execute("insert into guests values ($1), ('other')", [.text(hostile)])
      let rows = try await pool.query("select name from guests where name = $1", [.text(hostile)])
      #expect(try rows.map { try $0["name"].text } == [hostile])
      #expect(try await pool.queryFirst("select count(*) as n from guests")?["n"].int == 2)
    }
  }

  @Test func twoStatementsInOneTextAreRefused() async throws {
    try await withPool { pool in
      let error = await postgresError { try await pool.query("select 1; select 2") }
      #expect(error?.sqlState?.rawValue == "42601")
    }
  }

  @Test func countsWhatItChanged() async throws {
    try await withPool { pool async throws in
      #expect(try await pool.execute("create table t (n int8)") == 0)
      #expect(try await pool.execute("insert into t select generate_series(1, 5)") == 5)
      #expect(try await pool.execute("update t set n = n + 10 where n > $1", [.int(2)]) == 3)
      #expect(try await pool.execute("delete from t") == 5)
    }
  }

  @Test func fragmentsMakeUpAStatement() async throws {
    try await withPool { pool async throws in
      var sql: SQL = "select n from generate_series(1, 9) as n where true"
      sql += [" and n > $1", " and n < $2"].joined(separator: "")
      #expect(try await pool.query(sql, [.int(3), .int(6)]).map { try $0["n"].int } == [4, 5])
    }
  }

  @Test func constraintViolationsSayWhich() async throws {
    try await withPool { pool in
      try await pool.executeScript(
        """
        create table parent (id int8 primary key);
        create table child (
          id int8 constraint child_once unique,
          parent int8 constraint child_parent references parent,
          size int8 not null constraint child_size check (size > 0)
        );
        insert into parent values (1);
        insert into child values (1, 1, 1);
        """)
      let insert: SQL = "insert into child values ($1, $2, $3)"
      let unique = await postgresError { try await pool.execute(insert, [.int(1), .int(1), .int(1)]) }
      #expect(unique?.sqlState?.rawValue == "23505")
      #expect(unique?.constraint == "child_once")
      #expect(unique?.table == "child")
      #expect(unique?.schema == "public")
      let foreign = await postgresError { try await pool.execute(insert, [.int(2), .int(9), .int(1)]) }
      #expect(foreign?.sqlState?.rawValue == "23503")
      #expect(foreign?.constraint == "child_parent")
      let check = await postgresError { try await pool.execute(insert, [.int(2), .int(1), .int(0)]) }
      #expect(check?.sqlState?.rawValue == "23514")
      #expect(check?.constraint == "child_size")
      let null = await postgresError { try await pool.execute(insert, [.int(2), .int(1), .int8(nil)]) }
      #expect(null?.sqlState?.rawValue == "23502")
      #expect(null?.column == "size")
      #expect([unique, foreign, check, null].allSatisfy { $0?.kind == .server && $0?.isTransient == false })
    }
  }

  @Test func anErrorLeavesTheConnectionUsable() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      let before = try await pool.queryFirst("select pg_backend_pid() as id")?["id"].int
      let error = await postgresError { try await pool.query("select 1 / $1", [.int(0)]) }
      #expect(error?.sqlState?.rawValue == "22012")
      #expect(try await pool.queryFirst("select pg_backend_pid() as id")?["id"].int == before)
    }
  }

  @Test func copyAsAPlainStatementIsRefusedAndCostsOnlyItsConnection() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      try await pool.execute("create table t (n int8)")
      let error = await postgresError { try await pool.query("copy t from stdin") }
      #expect(error?.kind == .misuse)
      #expect(try await pool.queryFirst("select 7 as n")?["n"].int == 7)
    }
  }

  @Test func theServersStatementTimeoutStrikes() async throws {
    try await withPool({ $0.statementTimeout = .milliseconds(50) }) { pool in
      let error = await postgresError { try await pool.query("select pg_sleep(20)") }
      #expect(error?.sqlState == .queryCanceled)
      #expect(error?.isTimeout == true)
    }
  }

  @Test func aConnectionDoesNotOutliveItsScope() async throws {
    try await withPool { pool in
      let leaked = try await pool.withConnection { $0 }
      let error = await postgresError { try await leaked.query("select 1") }
      #expect(error?.kind == .misuse)
    }
  }
}
