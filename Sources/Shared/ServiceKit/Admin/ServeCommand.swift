package import ArgumentParser
package import Logging

/// A service that its executable runs, with the command `serve`.
package protocol RunnableService: AdministeredService {
  /// Puts the parts together from the settings and runs them until a signal asks for the end; returns when they have
  /// finished what they were doing.
  static func run(_ process: PreparedProcess<Settings>) async throws
}

/// A service with a database of its own, whose executable has the command `migrate`.
package protocol MigratableService: RunnableService {
  /// Brings the database's schema up to date.
  ///
  /// - Returns: what was applied, oldest first, as it is shown.
  static func migrate(_ settings: Settings, logger: Logger) async throws -> [String]
}

/// `serve`: runs the service.
package struct ServeCommand<Service: RunnableService>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    let settings = "Settings come from the environment and a file; check-config lists them."
    return CommandConfiguration(
      commandName: "serve", abstract: "Run the service until SIGTERM or SIGINT.",
      discussion: Service.self is any MigratableService.Type ? "\(settings) Migrates the database first." : settings)
  }

  @OptionGroup package var options: ServeOptions

  package init() {}

  package func run() async throws {
    try await runAdmin {
      try await Service.run(options.prepare(Service.Settings.self))
    }
  }
}

/// `migrate`: brings the database's schema up to date, without the service.
package struct MigrateCommand<Service: MigratableService>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "migrate", abstract: "Bring the database's schema up to date, and end.",
      discussion: "serve does it too. By itself it serves to migrate with other rights than the service has.")
  }

  @OptionGroup package var options: ServeOptions

  @Flag(help: "Print JSON for programs instead of text for people.")
  package var json = false

  package init() {}

  package func run() async throws {
    try await runAdmin {
      let process = try options.prepare(Service.Settings.self)
      let applied = try await Service.migrate(process.settings, logger: process.logger)
      if json { return try printJSON(applied) }
      for migration in applied { print("applied \(migration)") }
      if applied.isEmpty { print("up to date") }
    }
  }
}
