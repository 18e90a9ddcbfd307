import ArgumentParser
import NotifierServer
import ServiceKit

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the service until SIGTERM or SIGINT.")

  @OptionGroup var options: ServeOptions

  func run() async throws {
    try await runAdmin {
      let process = try options.prepare(NotifierSettings.self)
      let notifier = try Notifier(
        process.settings, bus: process.openBus(), isInsecure: process.process.isInsecure, metrics: process.metrics,
        logger: process.logger)
      try await ServiceHost.run(
        name: NotifierCommand.executable, logger: process.logger, services: notifier.services,
        readiness: notifier.readiness, shutdownTimeout: process.process.shutdownTimeout)
    }
  }
}
