import AppHost
import ArgumentParser
import ServiceKit

/// For `make host-api`, which keeps docs/host-api.md in step with the table.
struct HostAPICommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host-api", abstract: "Print the reference page of the host API.", shouldDisplay: false)

  func run() throws { StandardOutput.write(HostAPI.referencePage) }
}
