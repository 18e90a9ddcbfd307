import PostgreSQL
import TestSupport
import Testing

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct MigrationTests {
  @Test func manyReplicasStartAtOnce() async throws {
    let url = try await PostgresServer.shared().createDatabase()
    let applied = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let pool = try PostgresPool(url: url, maximumConnections: 2, logger: .quiet)
          let count = try await RegistrySchema.migrator().migrate(pool).count
          await pool.close()
          return count
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(try applied == RegistrySchema.migrator().targetVersion)
    let pool = try PostgresPool(url: url, maximumConnections: 2, logger: .quiet)
    try await RegistrySchema.migrator().check(pool)
    await pool.close()
  }

  /// A release runs beside the one before: while replicas are exchanged one by one, and when the newer one is taken back.
  @Test func whatCameAfterTheFirstReleasesOnlyAdds() async throws {
    let forbidden = ["drop table", "drop column", "rename ", " set not null", " alter column ", " type "]
    for migration in RegistrySchema.migrations.dropFirst(6) {
      #expect(migration.compatibleFrom <= 6, "migration \(migration.version) shuts the release before out")
      let words = migration.script.text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for word in forbidden {
        #expect(
          !words.contains(word), "migration \(migration.version) has '\(word)', which programs before may rely on")
      }
    }
  }

  @Test func aReplicaOfTheReleaseBeforeStaysReadyAndStartsAgain() async throws {
    let pool = try PostgresPool(
      url: try await PostgresServer.shared().createDatabase(), maximumConnections: 2, logger: .quiet)
    let before = try Migrator(schema: "registry", migrations: Array(RegistrySchema.migrations.prefix(6)))
    try await before.migrate(pool)
    try await RegistrySchema.migrator().migrate(pool)
    try await before.check(pool)
    #expect(try await before.migrate(pool).isEmpty)
    // What a program sees that knows nothing of compatibility.
    let seen = try await pool.query("select version from registry.schema_migrations order by version")
    #expect(try seen.map { try $0["version"].int } == [1, 2, 3, 4, 5, 6])
    await pool.close()
  }
}
