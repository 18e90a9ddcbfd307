import ArgumentParser
import DeviceAdmin
import Messaging
import ServiceKit
import TextFormats
import Wire

/// `healthcheck`: asks the agent on this machine how it is.
struct DeviceHealthcheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "healthcheck", abstract: "Tell a probe whether the device's agent is there and connected.",
    discussion: """
      Prints a line and ends with 0 if the agent answers and is connected to its broker; else it says what is wrong, after \
      three seconds at most.
      """)

  @OptionGroup var directory: DirectoryOption

  @Flag(help: "Ask only whether the agent answers, not whether it is connected.")
  var live = false

  func run() async throws {
    try await runAdmin {
      let options = try directory.administration(AdminOptions.parse(["--timeout", "3"]))
      let status = try await options.withClient(of: DeviceProgram.self) { client in
        DeviceStatusView(try await client.call(WireGetDeviceStatus(), deadline: options.deadline))
      }
      let name = PlainText.escaped(status.name)
      guard live || status.connected else {
        throw AdminError(
          "the agent of \(name) is not connected to its broker; it goes on trying", status: .unavailable)
      }
      print("the agent of \(name) is \(live ? "alive" : "connected")")
    }
  }
}
