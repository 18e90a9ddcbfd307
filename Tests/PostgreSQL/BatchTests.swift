import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct BatchTests {
  private static let table: SQLScript = """
    create table readings (id int8 primary key, name text not null, raw bytea, at timestamptz not null);
    """

  private static func rows(_ count: Int) -> [[PostgresValue]] {
    (0..<count).map { index in
      [
        .int(index), .text("sensor '\(index)'"), .bytea(index % 3 == 0 ? nil : [UInt8(index % 256), 0]),
        .timestamp(PostgresTimestamp(microsecondsSince1970: Int64(index))),
      ]
    }
  }

  private static func expectComplete(_ pool: PostgresPool, _ count: Int) async throws {
    let row = try #require(
      try await pool.queryFirst(
        """
        select count(*) as n, sum(id)::int8 as ids, count(raw) as raws,
          count(*) filter (where name = 'sensor ''' || id || '''') as names,
          count(*) filter (where extract(epoch from at) * 1000000 = id) as moments
        from readings
        """))
    #expect(try row["n"].int == count)
    #expect(try row["ids"].int == count * (count - 1) / 2)
    #expect(try row["raws"].int == count - (count + 2) / 3)
    #expect(try row["names"].int == count)
    #expect(try row["moments"].int == count)
  }

  @Test(arguments: [0, 1, 63, 64, 65, 10_000])
  func aPipelinedBatchStoresEveryRow(_ count: Int) async throws {
    try await withPool { pool in
      try await pool.executeScript(Self.table)
      let stored = try await pool.executeBatch("insert into readings values ($1, $2, $3, $4)", Self.rows(count))
      #expect(stored == count)
      if count > 0 { try await Self.expectComplete(pool, count) }
    }
  }

  @Test(arguments: [0, 1, 10_000])
  func copyStoresEveryRow(_ count: Int) async throws {
    try await withPool { pool in
      try await pool.executeScript(Self.table)
      let stored = try await pool.copyIn("copy readings from stdin (format binary)", Self.rows(count))
      #expect(stored == count)
      if count > 0 { try await Self.expectComplete(pool, count) }
    }
  }

  @Test func oneBadRowUndoesTheWholeBatchAndTheConnectionGoesOn() async throws {
    try await withPool({ $0.maximumConnections = 1 }) { pool in
      try await pool.executeScript(Self.table)
      var rows = Self.rows(1000)
      rows[700][0] = .int(3)
      let error = await postgresError {
        try await pool.executeBatch("insert into readings values ($1, $2, $3, $4)", rows)
      }
      #expect(error?.sqlState?.rawValue == "23505")
      #expect(try await pool.queryFirst("select count(*) as n from readings")?["n"].int == 0)
      let copyError = await postgresError { try await pool.copyIn("copy readings from stdin (format binary)", rows) }
      #expect(copyError?.sqlState?.rawValue == "23505")
      #expect(try await pool.queryFirst("select count(*) as n from readings")?["n"].int == 0)
    }
  }

  @Test func aPipelineGivesEachStatementsRowsInOrder() async throws {
    try await withPool { pool in
      let answers = try await pool.pipeline([
        PostgresStatement("select $1 as v", [.int(1)]),
        PostgresStatement("select v from (values (2::int8), (3)) as t (v) where v > $1", [.int(0)]),
        PostgresStatement("select 1 as v where false"),
      ])
      #expect(try answers.map { try $0.map { try $0["v"].int } } == [[1], [2, 3], []])
    }
  }

  @Test func largeAnswersAndLargeQuestionsDoNotBlockEachOther() async throws {
    try await withPool { pool in
      let block = [UInt8](repeating: 5, count: 200_000)
      let answers = try await pool.pipeline(
        (0..<100).map { _ in PostgresStatement("select $1 as v, repeat('x', 200000) as w", [.bytea(block)]) })
      #expect(answers.count == 100)
      #expect(try answers.allSatisfy { try $0[0]["v"].bytes == block && $0[0]["w"].text.count == 200_000 })
    }
  }

  @Test func rowsOfDifferentTypesAreRefused() async throws {
    try await withPool { pool in
      let error = await postgresError { try await pool.executeBatch("select $1", [[.int(1)], [.text("1")]]) }
      #expect(error?.kind == .misuse)
    }
  }

  @Test func aBatchInsideATransactionIsPartOfIt() async throws {
    struct Regret: Error {}
    try await withPool { pool in
      try await pool.executeScript(Self.table)
      await #expect(throws: Regret.self) {
        try await pool.withTransaction { transaction in
          try await transaction.executeBatch("insert into readings values ($1, $2, $3, $4)", Self.rows(100))
          try await transaction.copyIn(
            "copy readings from stdin (format binary)", Array(Self.rows(200).dropFirst(100)))
          #expect(try await transaction.queryFirst("select count(*) as n from readings")?["n"].int == 200)
          throw Regret()
        }
      }
      #expect(try await pool.queryFirst("select count(*) as n from readings")?["n"].int == 0)
    }
  }
}
