import ArgumentParser
import ProvisionerServer
import ServiceKit

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the service until SIGTERM.",
    discussion: "Settings come from the environment and a file; check-config lists them. Migrates the database first.")

  @OptionGroup var options: ServeOptions

  func run() async throws {
    try await runAdmin {
      try await ProvisionerService.run(options.prepare(ProvisionerSettings.self))
    }
  }
}

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the database's schema up to date, and end.",
    discussion: "serve does it too. By itself it serves to migrate with other rights than the service has.")

  @OptionGroup var options: ServeOptions

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  func run() async throws {
    try await runAdmin {
      let process = try options.prepare(ProvisionerSettings.self)
      let applied = try await ProvisionerService.migrate(process.settings, logger: process.logger)
      if json { return try printJSON(applied) }
      for migration in applied { print("applied \(migration)") }
      if applied.isEmpty { print("up to date") }
    }
  }
}
