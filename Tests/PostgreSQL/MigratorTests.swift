import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct MigratorTests {
  private static let first = Migration(
    version: 1, name: "guests", compatibleFrom: 1,
    script: "create table guests (id int8 primary key); create index on guests (id); insert into guests values (1);")
  private static let second = Migration(
    version: 2, name: "names", compatibleFrom: 2,
    script: "alter table guests add column name text; insert into guests values (2, 'x');")

  private func migrator(_ migrations: [Migration]) throws -> Migrator {
    try Migrator(schema: "hotel", migrations: migrations)
  }

  @Test func appliesWhatIsMissingOnce() async throws {
    try await withPool { pool in
      #expect(try await migrator([Self.first]).applied(pool).isEmpty)
      #expect(try await migrator([Self.first]).migrate(pool).map(\.version) == [1])
      #expect(try await migrator([Self.first]).migrate(pool).isEmpty)
      let both = try migrator([Self.first, Self.second])
      await #expect(throws: MigrationError.self) { try await both.check(pool) }
      #expect(try await both.migrate(pool).map(\.version) == [2])
      try await both.check(pool)
      #expect(try await both.applied(pool).map(\.name) == ["guests", "names"])
      #expect(try await pool.query("select id from hotel.guests order by id").map { try $0["id"].int } == [1, 2])
    }
  }

  @Test func manyAtOnceApplyEachMigrationOnce() async throws {
    for _ in 0..<20 {
      try await withPool({ $0.maximumConnections = 8 }) { pool in
        let migrator = try migrator([Self.first, Self.second])
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<8 { group.addTask { try await migrator.migrate(pool).count } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.reduce(0, +) == 2)
        #expect(try await pool.queryFirst("select count(*) as n from hotel.guests")?["n"].int == 2)
      }
    }
  }

  @Test func refusesADatabaseThatIsNewerThanTheProgram() async throws {
    try await withPool { pool in
      try await migrator([Self.first, Self.second]).migrate(pool)
      do {
        try await migrator([Self.first]).migrate(pool)
        Issue.record("migrated")
      } catch let error as MigrationError {
        guard case .databaseIsNewer("hotel", migration: 2, name: "names", compatibleFrom: 2, programVersion: 1) = error
        else {
          Issue.record("another error: \(error)")
          return
        }
      }
    }
  }

  @Test func refusesAMigrationThatWasChangedAfterItWasApplied() async throws {
    try await withPool { pool in
      try await migrator([Self.first]).migrate(pool)
      let changed = Migration(
        version: 1, name: "guests", compatibleFrom: 1, script: "create table guests (id int4 primary key);")
      do {
        try await migrator([changed, Self.second]).migrate(pool)
        Issue.record("migrated")
      } catch let error as MigrationError {
        guard case .checksumDiffers("hotel", version: 1, name: "guests") = error else {
          Issue.record("another error: \(error)")
          return
        }
      }
      #expect(try await migrator([Self.first]).applied(pool).count == 1)
    }
  }

  @Test func aMigrationThatFailsLeavesNothingOfItself() async throws {
    try await withPool { pool in
      let broken = Migration(
        version: 2, name: "broken", compatibleFrom: 2, script: "create table rooms (n int8); select 1 / 0;")
      do {
        try await migrator([Self.first, broken]).migrate(pool)
        Issue.record("migrated")
      } catch let error as MigrationError {
        guard case .failed("hotel", version: 2, name: "broken", let cause) = error else {
          Issue.record("another error: \(error)")
          return
        }
        #expect(cause.sqlState?.rawValue == "22012")
      }
      #expect(try await pool.queryFirst("select to_regclass('hotel.rooms') is null as gone")?["gone"].bool == true)
      #expect(try await migrator([Self.first, Self.second]).migrate(pool).map(\.version) == [2])
    }
  }

  @Test func twoSchemasOfOneDatabaseKeepApart() async throws {
    try await withPool { pool in
      try await Migrator(schema: "hotel", migrations: [Self.first]).migrate(pool)
      try await Migrator(schema: "hostel", migrations: [Self.first, Self.second]).migrate(pool)
      #expect(try await migrator([Self.first]).applied(pool).count == 1)
    }
  }

  @Test func refusesWrongListsAndNames() {
    #expect(throws: MigrationError.self) { try Migrator(schema: "a; drop", migrations: []) }
    #expect(throws: MigrationError.self) { try Migrator(schema: "hotel", migrations: [Self.second]) }
    #expect(throws: MigrationError.self) { try Migrator(schema: "hotel", migrations: [Self.first, Self.first]) }
  }
}
