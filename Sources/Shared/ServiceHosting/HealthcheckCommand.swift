package import ArgumentParser
import FoundationEssentials
import ServiceHTTP
package import ServiceKit

/// `healthcheck`: asks the service that runs beside it with the same settings how it is.
package struct HealthcheckCommand<Service: HostedService>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "healthcheck", abstract: "Tell a probe whether the service on this machine is ready.",
      discussion: """
        Asks its operations server, where the settings say that serve has it, and needs no keys. Prints a line and ends \
        with 0 if it is ready; else it says what is not, after three seconds at most.
        """)
  }

  @OptionGroup package var options: ServeOptions

  @Flag(help: "Ask only whether it is alive, not whether it can do its work.")
  package var live = false

  package init() {}

  package func run() async throws {
    try await runAdmin {
      let loaded = try Service.Settings.load(
        environment: ProcessInfo.processInfo.environment, configurationPath: options.config)
      let name = Service.Settings.serviceName
      try await OperationsProbe(service: name, listen: loaded.settings.operationsListen)
        .ask(live ? .liveness : .readiness)
      print("the \(name) is \(live ? "alive" : "ready")")
    }
  }
}
