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

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await ProvisionerSchema.migrator().migrateWhenReachable(pool, logger: logger)
      if !Task.isCancelled { await preparation() }
    }
    guard !Task.isShuttingDownGracefully else { return }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        logger: logger))
    try await group.run()
  }
}
