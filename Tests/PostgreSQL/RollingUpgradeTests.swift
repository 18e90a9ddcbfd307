import PostgreSQL
import TestSupport
import Testing

/// Programs of one release and the next on one database.
@Suite(.seated) struct RollingUpgradeTests {
  private static let first = Migration(
    version: 1, name: "guests", compatibleFrom: 1, script: "create table guests (id int8 primary key);")
  private static let addition = Migration(
    version: 2, name: "names", compatibleFrom: 1, script: "alter table guests add column name text;")
  private static let secondAddition = Migration(
    version: 3, name: "rooms", compatibleFrom: 2, script: "create table rooms (id int8 primary key);")
  private static let change = Migration(
    version: 4, name: "no guests", compatibleFrom: 4, script: "alter table guests rename to visitors;")

  private func program(_ migrations: Migration...) throws -> Migrator {
    try Migrator(schema: "hotel", migrations: migrations)
  }

  @Test func anOlderProgramGoesOnBesideANewerOneAndStartsAgain() async throws {
    try await withPool { pool in
      let (old, new) = (try program(Self.first), try program(Self.first, Self.addition))
      try await old.migrate(pool)
      #expect(try await old.check(pool).isEmpty)
      #expect(try await new.migrate(pool).map(\.version) == [2])
      #expect(try await old.check(pool).map(\.name) == ["names"])
      #expect(try await old.migrate(pool).isEmpty)
      #expect(try await old.check(pool).map(\.compatibleFrom) == [1])
      #expect(try await new.check(pool).isEmpty)
    }
  }

  @Test func aProgramTooOldForAChangeIsToldWhatToDoOthersGoOn() async throws {
    try await withPool { pool in
      let newest = try program(Self.first, Self.addition, Self.secondAddition)
      try await newest.migrate(pool)
      try await program(Self.first, Self.addition).check(pool)
      do {
        try await program(Self.first).check(pool)
        Issue.record("went on with what it can't know")
      } catch let error as MigrationError {
        #expect("\(error)".contains("migration 3 (rooms), which works with programs that know at least migration 2"))
        #expect("\(error)".contains("this one knows 1: run the newer program instead"))
      }
      try await program(Self.first, Self.addition, Self.secondAddition, Self.change).migrate(pool)
      await #expect(throws: MigrationError.self) { try await newest.check(pool) }
    }
  }

  /// These know of `schema_migrations` alone, and end when it has a row that they don't know.
  @Test func programsOfTheFirstReleasesSeeOnlyWhatTheyCantWorkWith() async throws {
    try await withPool { pool in
      let seen = { () async throws -> [Int] in
        try await pool.query("select version, name, checksum, applied_at from hotel.schema_migrations order by version")
          .map { try $0["version"].int }
      }
      try await program(Self.first, Self.addition).migrate(pool)
      #expect(try await seen() == [1])
      try await program(Self.first, Self.addition, Self.secondAddition).migrate(pool)
      #expect(try await seen() == [1, 3])
    }
  }

  @Test func aDatabaseOfTheFirstReleasesIsTakenOverAsItIs() async throws {
    try await withPool { pool in
      try await program(Self.first).migrate(pool)
      try await pool.executeScript(
        "drop table hotel.schema_additions; alter table hotel.schema_migrations drop column compatible_from;")
      let new = try program(Self.first, Self.addition)
      #expect(try await new.applied(pool).map(\.version) == [1])
      #expect(try await new.migrate(pool).map(\.version) == [2])
      #expect(try await new.applied(pool).map(\.version) == [1, 2])
    }
  }

  @Test func oldAndNewProgramsThatStartAtOnceEndUpAtOneSchema() async throws {
    for _ in 0..<20 {
      try await withPool({ $0.maximumConnections = 8 }) { pool in
        let (old, new) = (try program(Self.first), try program(Self.first, Self.addition))
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
          for number in 0..<8 { group.addTask { try await (number % 2 == 0 ? old : new).migrate(pool).count } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.reduce(0, +) == 2)
        try await old.check(pool)
        try await new.check(pool)
      }
    }
  }

  @Test func aMigrationCantBeCompatibleWithWhatComesAfterIt() {
    let wrong = Migration(version: 1, name: "wrong", compatibleFrom: 2, script: "select 1;")
    #expect(throws: MigrationError.self) { try program(wrong) }
  }
}
