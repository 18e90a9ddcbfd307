import ArgumentParser
import NotifierClient
import ServiceKit

struct ResendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resend", abstract: "Notify a device again of the version that it should run.",
    discussion: "The notification goes through the Registry's outbox, so it outlives a broker that is away.")

  @Argument(help: .device, completion: DeviceCompletion.kind)
  var device: String

  @OptionGroup var options: AdminOptions

  func run() async throws {
    try await runAdmin {
      let request = try ResendRequest(device: try await options.deviceID(device))
      let version = try await options.withClient(of: NotifierCommand.self) { client in
        try await request.send(with: client, deadline: options.deadline)
      }
      if options.json {
        try printJSON(Answer(device: request.device, version: version))
      } else {
        print("Version \(version) will be notified to \(request.device) again.")
      }
    }
  }

  private struct Answer: Encodable {
    let device: String
    let version: UInt64
  }
}
