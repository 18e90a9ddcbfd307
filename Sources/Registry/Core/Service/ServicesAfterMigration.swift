import Logging
import PostgreSQL
import ServiceLifecycle
import Wire

/// Brings the database's schema up to date, however long the database takes to come, then runs what needs it.
struct ServicesAfterMigration: Service {
  let pool: PostgresPool
  /// What the services need in the tables before they start.
  let preparation: @Sendable () async throws -> Void
  let services: [any Service]
  let logger: Logger

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await migrate() }
    guard !Task.isShuttingDownGracefully else { return }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        logger: logger))
    try await group.run()
  }

  /// - Throws: only what waiting does not mend, such as a schema that a newer program changed too much for this one.
  private func migrate() async throws {
    let migrator = try RegistrySchema.migrator()
    let backoff = RetryBackoff(longest: .seconds(2))
    var attempts: UInt64 = 0
    while !Task.isCancelled {
      do throws(MigrationError) {
        for migration in try await migrator.migrate(pool) {
          logger.info("migrated", metadata: ["version": "\(migration.version)", "name": "\(migration.name)"])
        }
        if let newest = try await migrator.check(pool).last {
          logger.notice(
            "a newer program migrated the database, and this one goes on working beside it",
            metadata: ["version": "\(newest.version)", "name": "\(newest.name)", "known": "\(migrator.targetVersion)"])
        }
        break
      } catch {
        guard case .database(let cause) = error, cause.isTransient || cause.isCancelled else { throw error }
        attempts += 1
        logger.warning("waiting for the database", metadata: ["error": "\(cause)"])
        try? await Task.sleep(for: backoff.delay(attempts: attempts, fraction: .random(in: 0...1)))
      }
    }
    while !Task.isCancelled {
      do {
        return try await preparation()
      } catch let failure as WireFailure where failure.code == .unavailable || failure.code == .overloaded {
        attempts += 1
        logger.warning("waiting for the database", metadata: ["error": "\(failure)"])
        try? await Task.sleep(for: backoff.delay(attempts: attempts, fraction: .random(in: 0...1)))
      }
    }
  }
}
