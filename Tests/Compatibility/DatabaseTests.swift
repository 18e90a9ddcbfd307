import Logging
import PostgreSQL
import ProvisionerDomain
import RegistryDomain
import TestSupport
import Testing

@testable import ProvisionerStorage
@testable import RegistryStorage

/// The last release's database is taken over by today's programs, with what is in it, and goes on serving that release.
@Suite(.seated) struct DatabaseTests {
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func withRecordedDatabase(_ body: (PostgresPool) async throws -> Void) async throws {
    let url = try await PostgresServer.shared().createDatabase()
    let restoring = try ChildProcess(
      "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", Recorded.path("database.sql"), url])
    #expect(try await restoring.waitForExit() == .exited(0), "\(restoring.output)")
    let pool = try PostgresPool(url: url, maximumConnections: 4, logger: Self.logger)
    try await body(pool)
    await pool.close()
  }

  /// The newest migration that the last release knew.
  private func known(_ schema: String, _ pool: PostgresPool) async throws -> Int {
    // Names of schemas can't be parameters, and statements are no texts.
    let statement: SQL =
      switch schema {
      case "registry":
        """
        select max(version) as known from (
          select version from registry.schema_migrations
          union all
          select version from registry.schema_additions) as versions
        """
      default:
        """
        select max(version) as known from (
          select version from provisioner.schema_migrations
          union all
          select version from provisioner.schema_additions) as versions
        """
      }
    return try #require(try await pool.queryFirst(statement))["known"].int
  }

  @Test func theRegistryTakesItOver() async throws {
    try await withRecordedDatabase { pool in
      let known = try await known("registry", pool)
      try await RegistrySchema.migrator().migrate(pool)
      for migration in RegistrySchema.migrations where migration.version > known {
        #expect(migration.compatibleFrom <= known, "migration \(migration.version) shuts the last release out")
      }
      let devices = try await RegistryStore(pool: pool).devices(.all, after: nil, limit: 100).items
      let first = try #require(devices.first { $0.name == "device-1" })
      #expect(first.desired?.version == 3 && first.reported?.running?.version == 3)
      let second = try #require(devices.first { $0.name == "device-2" })
      #expect(second.reported?.failed != nil)
    }
  }

  @Test func theProvisionerTakesItOver() async throws {
    try await withRecordedDatabase { pool in
      let known = try await known("provisioner", pool)
      try await ProvisionerSchema.migrator().migrate(pool)
      for migration in ProvisionerSchema.migrations where migration.version > known {
        #expect(migration.compatibleFrom <= known, "migration \(migration.version) shuts the last release out")
      }
      let devices = try await DeviceStore(pool: pool).list(flagged: false, serial: nil, after: nil, limit: 100).devices
      #expect(Set(devices.map(\.serial)).isSuperset(of: ["stack-device-1", "stack-device-2", "SN-3"]))
      let claims = try await ClaimStore(pool: pool).list(after: nil, limit: 100).claims
      #expect(claims.contains { $0.state == .revoked } && claims.contains { $0.used == 1 })
    }
  }

  /// A replica of it that restarts reads its own tables and goes on.
  @Test func theLastReleaseGoesOnWithIt() async throws {
    try await withRecordedDatabase { pool in
      let known = try await known("registry", pool)
      try await RegistrySchema.migrator().migrate(pool)
      let migrations = RegistrySchema.migrations.filter { $0.version <= known }
      let before = try Migrator(schema: "registry", migrations: migrations)
      #expect(try await before.migrate(pool).isEmpty)
      try await before.check(pool)
    }
  }
}
