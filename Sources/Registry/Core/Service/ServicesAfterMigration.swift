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
    try await cancelWhenGracefulShutdown { try await prepare() }
    guard !Task.isShuttingDownGracefully else { return }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        logger: logger))
    try await group.run()
  }

  /// - Throws: what waiting for the database does not mend.
  private func prepare() async throws {
    try await RegistrySchema.migrator().migrateWhenReachable(pool, logger: logger)
    let backoff = RetryBackoff(longest: .seconds(2))
    var attempts: UInt64 = 0
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
