import ArgumentParser
import Messaging
import RegistryCore
import ServiceKit

struct DeviceLogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show what a device and its app logged.",
    discussion: "Times are by the device's clock. With --json each line is a JSON object.")

  @OptionGroup var options: AdminOptions
  @Argument(help: "The device's UUID.") var id: String
  @Flag(help: "Go on with lines as they arrive, until interrupted.") var follow = false
  @Option(help: "Only lines that matter at least so much: debug, info, warning or error.") var level = ""
  @Option(help: ArgumentHelp("Only lines that hold this, in the same case.", valueName: "text")) var grep = ""
  @Option(help: "How many of the newest lines to show; 0 for all.") var last: UInt32 = 100

  func validate() throws {
    guard !follow || last <= 1000 else { throw ValidationError("--last must be from 0 to 1000 with --follow") }
  }

  func run() async throws {
    try await runAdmin {
      try await options.withClient(of: Registry.self) { client in
        if follow { return try await followLog(client) }
        let (lines, hasMore) = try await RegistryAdministration(client, deadline: options.deadline).logs(
          of: id, level: level, text: grep, limit: last == 0 ? nil : Int(last))
        try show(lines)
        if hasMore, !options.json { StandardError.write("There are older lines: use --last 0 for all.\n") }
      }
    }
  }

  private func followLog(_ client: any RPCCaller) async throws {
    var follower = try LogFollower(client: client, device: id, level: level, text: grep, deadline: options.deadline)
    try show(try await follower.start(count: last))
    while true { try show(try await follower.next()) }
  }

  private func show(_ lines: [LogLineDocument]) throws {
    for line in lines {
      StandardOutput.write(
        (options.json ? PlainText.escaped(json: try line.jsonLine()) : PlainText.escaped(line.textLine)) + "\n")
    }
  }
}
