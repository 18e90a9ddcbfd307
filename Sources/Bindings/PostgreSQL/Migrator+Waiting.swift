package import Logging

extension Migrator {
  private static let firstPause = Duration.milliseconds(200)
  private static let longestPause = Duration.seconds(2)

  /// Migrates as soon as the database can be reached and its tables can be had, however long that takes, and logs what
  /// was done.
  ///
  /// Returns when the task is cancelled, too.
  ///
  /// - Throws: only what waiting does not mend, such as a schema that a newer program changed too much for this one.
  package func migrateWhenReachable(_ pool: PostgresPool, logger: Logger) async throws(MigrationError) {
    var pause = Self.firstPause
    while !Task.isCancelled {
      do throws(MigrationError) {
        for migration in try await migrate(pool, lockPatience: .zero) {
          logger.info("migrated", metadata: ["version": "\(migration.version)", "name": "\(migration.name)"])
        }
        if let newest = try await check(pool).last {
          logger.notice(
            "a newer program migrated the database, and this one goes on working beside it",
            metadata: ["version": "\(newest.version)", "name": "\(newest.name)", "known": "\(targetVersion)"])
        }
        return
      } catch {
        guard error.mayPass else { throw error }
        if Task.isCancelled { return }
        logger.warning("waiting for the database", metadata: ["error": "\(error)"])
        // Between half and all of it, so that replicas do not come back at once.
        try? await Task.sleep(for: pause / 2 + pause / 2 * Double.random(in: 0...1))
        pause = min(pause * 2, Self.longestPause)
      }
    }
  }
}

extension MigrationError {
  /// Whether waiting may mend it.
  fileprivate var mayPass: Bool {
    switch self {
    case .database(let cause): cause.isTransient || cause.isCancelled
    case .tableInUse: true
    case .databaseIsNewer, .checksumDiffers, .failed, .invalid: false
    }
  }
}
