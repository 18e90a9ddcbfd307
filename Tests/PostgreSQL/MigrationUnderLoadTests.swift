import Foundations
import PostgreSQL
import TestSupport
import Testing

/// Migrations of a database that others use meanwhile, and that are cut short.
@Suite(.seated) struct MigrationUnderLoadTests {
  private static let first = Migration(
    version: 1, name: "guests", compatibleFrom: 1,
    script: "create table guests (id int8 primary key); insert into guests values (1);")
  private static let second = Migration(
    version: 2, name: "names", compatibleFrom: 1, script: "alter table guests add column name text;")
  /// Takes an hour.
  private static let endless = Migration(
    version: 2, name: "rooms", compatibleFrom: 1, script: "create table rooms (n int8); select pg_sleep(3600);")

  private func migrator(_ migrations: Migration...) throws -> Migrator {
    try Migrator(schema: "hotel", migrations: migrations)
  }

  /// How many sessions of the pool's database match.
  private func sessions(_ pool: PostgresPool, _ statement: SQL) async throws -> Int {
    try #require(try await pool.queryFirst(statement))["n"].int
  }

  /// A backup reads a table for hours: the migration waits for it, and those who use the table do not wait for both.
  @Test func aMigrationThatWaitsForATableHoldsNobodyUp() async throws {
    try await withPool({ $0.maximumConnections = 4 }) { pool in
      try await migrator(Self.first).migrate(pool)
      let (reads, mayEnd) = (TaskSignal(), TaskSignal())
      async let backup: Void = pool.withTransaction { transaction in
        try await transaction.query("select id from hotel.guests")
        reads.wake()
        await mayEnd.wait(upTo: nil)
      }
      await reads.wait(upTo: nil)
      async let applied = migrator(Self.first, Self.second).migrate(pool, lockPatience: patience)
      try await eventually("the migration waits") {
        try await sessions(
          pool,
          """
          select count(*) as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like 'alter table guests%'
          """) == 1
      }
      // The backup has its table all the time: without an end to the migration's wait these would never come back.
      for _ in 0..<5 { #expect(try await sessions(pool, "select count(*) as n from hotel.guests") == 1) }
      mayEnd.wake()
      try await backup
      #expect(try await applied.map(\.version) == [2])
    }
  }

  @Test func aTableThatIsNotToBeHadIsSaidToBeInUse() async throws {
    try await withPool({ $0.maximumConnections = 4 }) { pool in
      try await migrator(Self.first).migrate(pool)
      let (reads, mayEnd) = (TaskSignal(), TaskSignal())
      async let backup: Void = pool.withTransaction { transaction in
        try await transaction.query("select id from hotel.guests")
        reads.wake()
        await mayEnd.wait(upTo: nil)
      }
      await reads.wait(upTo: nil)
      let error = await #expect(throws: MigrationError.self) {
        try await migrator(Self.first, Self.second).migrate(pool, lockPatience: .zero)
      }
      #expect(error.map { "\($0)" }?.contains("migration 2 (names) of schema hotel can't have a table") == true)
      mayEnd.wake()
      try await backup
    }
  }

  /// To the server, a program that is killed is a connection that ended.
  @Test func aMigrationWhoseProgramIsKilledIsUndoneAndDoneAgain() async throws {
    let server = try await PostgresServer.shared()
    let url = try await server.createDatabase()
    let proxy = try CuttingProxy(to: server.port)
    let throughProxy = url.replacing(":\(server.port)/", with: ":\(proxy.port)/")
    try await withPool(url: url) { pool in
      try await migrator(Self.first).migrate(pool)
      try await withPool(url: throughProxy) { doomed in
        let applied = Task { try await migrator(Self.first, Self.endless).migrate(doomed) }
        let running: SQL =
          """
          select count(*) as n from pg_stat_activity
          where datname = current_database() and query like '%pg_sleep(3600)%' and pid <> pg_backend_pid()
          """
        try await eventually("the migration is in its middle") { try await sessions(pool, running) == 1 }
        proxy.stop()
        await #expect(throws: MigrationError.self) { try await applied.value }
        try await eventually("the server has ended it") { try await sessions(pool, running) == 0 }
      }
      #expect(try await sessions(pool, "select count(*) as n from pg_tables where tablename = 'rooms'") == 0)
      #expect(try await migrator(Self.first, Self.second).migrate(pool).map(\.version) == [2])
    }
  }
}
