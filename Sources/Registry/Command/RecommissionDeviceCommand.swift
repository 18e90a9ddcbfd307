import ArgumentParser
import RegistryClient
import ServiceKit

struct RecommissionDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recommission", abstract: "Let a device that was decommissioned, revoked or reset come back.",
    discussion: """
      For the same board with the same key, which its fuses hold: it is the same device again, with its history. Its \
      certificates stay revoked; on the board, xtblish-device enroll --replace with any claim of its product gets a new \
      one. A repeat changes nothing.
      """)

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var id: String
  @Option(help: "Why, for those who ask later.") var reason: String

  func run() async throws {
    try await runAdmin {
      let device = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).recommission(id, reason: reason)
      }
      if options.json {
        try printJSON(device)
      } else {
        StandardOutput.write(device.details(columns: TerminalWidth.told()))
      }
    }
  }
}
