package import Logging
package import ServiceLifecycle

/// Runs services after a preparation, such as making tables in a database that may not be there yet.
package struct PreparedServices: Service {
  private let preparation: @Sendable () async throws -> Void
  private let services: [any Service]
  private let logger: Logger

  /// - Parameter preparation: what is to be done first. It is cancelled when the process is to end; what it throws ends
  ///   the process.
  package init(
    _ services: [any Service], logger: Logger, preparation: @escaping @Sendable () async throws -> Void
  ) {
    self.preparation = preparation
    self.services = services
    self.logger = logger
  }

  package func run() async throws {
    try await cancelWhenGracefulShutdown { try await preparation() }
    guard !Task.isShuttingDownGracefully else { return }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        logger: logger))
    try await group.run()
  }
}
