import PostgreSQL
import TestSupport
import Testing

@testable import RegistryCore

@Suite struct MigrationTests {
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
}
