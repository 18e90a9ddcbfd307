package import ArgumentParser
package import ServiceKit

/// `serve`: runs the service.
package struct ServeCommand<Service: HostedService>: AsyncParsableCommand {
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
      let applied = try await Service.migrate(process)
      if json { return try printJSON(applied) }
      for migration in applied { print("applied \(migration)") }
      if applied.isEmpty { print("up to date") }
    }
  }
}
