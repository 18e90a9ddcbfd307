import ArgumentParser
import RegistryClient
import ServiceKit

struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Show how long each step of a deployment took.",
    discussion: """
      From the client's request to the app's first line on the device, and what share of that each step had. The trace's ID \
      is in the log lines of all programs on the way.
      """)

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var device: String
  @Argument(help: "The version; the newest otherwise.") var version: UInt64?

  func validate() throws {
    guard version != 0 else { throw ValidationError("versions start from 1") }
  }

  func run() async throws {
    try await runAdmin {
      let trace = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).trace(of: device, version: version)
      }
      if options.json {
        try printJSON(trace)
      } else {
        StandardOutput.write(trace.report(columns: TerminalWidth.told()))
      }
    }
  }
}
