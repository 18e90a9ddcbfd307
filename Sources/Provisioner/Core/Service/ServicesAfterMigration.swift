import Logging
import PostgreSQL
import ServiceLifecycle

/// Brings the database's schema up to date, however long the database takes to come, then runs what needs it.
struct ServicesAfterMigration: Service {
  let pool: PostgresPool
  /// What is to be done with the tables before the services start.
  let preparation: @Sendable () async -> Void
  let services: [any Service]
  let logger: Logger

  private static let longestPause = Duration.seconds(2)

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await migrate()
      if !Task.isCancelled { await preparation() }
    }
    guard !Task.isShuttingDownGracefully else { return }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        logger: logger))
    try await group.run()
  }

  /// - Throws: only what waiting does not mend, such as a schema that a newer program changed too much for this one.
  private func migrate() async throws {
    let migrator = try ProvisionerSchema.migrator()
    var pause = Duration.milliseconds(200)
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
        return
      } catch {
        guard case .database(let cause) = error, cause.isTransient || cause.isCancelled else { throw error }
        if Task.isCancelled { return }
        logger.warning("waiting for the database", metadata: ["error": "\(cause)"])
        // Between half and all of it, so that replicas do not come back at once.
        try? await Task.sleep(for: pause / 2 + pause / 2 * Double.random(in: 0...1))
        pause = min(pause * 2, Self.longestPause)
      }
    }
  }
}
