import Logging
import PostgreSQL
import TestSupport
import Testing

@testable import ProvisionerStorage

@Suite(.seated) struct MigrationTests {
  /// A release runs beside the one before: while replicas are exchanged one by one, and when the newer one is taken back.
  @Test func whatCameAfterTheFirstReleasesOnlyAdds() async throws {
    let forbidden = ["drop table", "drop column", "rename ", " set not null", " alter column ", " type "]
    for migration in ProvisionerSchema.migrations.dropFirst(3) {
      #expect(migration.compatibleFrom <= 3, "migration \(migration.version) shuts the release before out")
      let words = migration.script.text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for word in forbidden {
        #expect(
          !words.contains(word), "migration \(migration.version) has '\(word)', which programs before may rely on")
      }
    }
  }

  @Test func aReplicaOfTheReleaseBeforeStaysReadyAndStartsAgain() async throws {
    let pool = try PostgresPool(
      url: try await PostgresServer.shared().createDatabase(), maximumConnections: 2, logger: Logger(label: "test"))
    let before = try Migrator(schema: "provisioner", migrations: Array(ProvisionerSchema.migrations.prefix(3)))
    try await before.migrate(pool)
    try await ProvisionerSchema.migrator().migrate(pool)
    try await before.check(pool)
    #expect(try await before.migrate(pool).isEmpty)
    // What a program sees that knows nothing of compatibility.
    let seen = try await pool.query("select version from provisioner.schema_migrations order by version")
    #expect(try seen.map { try $0["version"].int } == [1, 2, 3])
    await pool.close()
  }
}
