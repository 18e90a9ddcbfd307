package import ArgumentParser
import Messaging
import Wire

/// `status`: asks every replica how it is.
package struct ServiceStatusCommand<Service: AdministeredService>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "status", abstract: "Show how the running service is.",
      discussion: "Ends with 0 when it is ready, with 69 when it is not or can't be reached.")
  }

  @OptionGroup package var options: AdminOptions

  package init() {}

  package func run() async throws {
    try await runAdmin {
      var replicas: [ServiceStatusView] = []
      var failure: (any Error)?
      for endpoint in try options.endpoints(of: Service.self) {
        // Each by itself: one client for all would ask only one of them.
        do {
          replicas.append(
            try await options.withClient(of: Service.self, endpoints: [endpoint]) { client in
              ServiceStatusView(try await client.call(WireGetStatus(), deadline: options.deadline))
            })
        } catch {
          failure = error
        }
      }
      if options.json {
        if !replicas.isEmpty { try printJSON(replicas) }
      } else {
        StandardOutput.write(replicas.map { $0.text(columns: TerminalWidth.told()) }.joined(separator: "\n"))
      }
      if let failure { throw failure }
      if !replicas.allSatisfy(\.ready) { throw ExitCode(ExitStatus.unavailable.rawValue) }
    }
  }
}
