import ArgumentParser
import Messaging
import RegistryClient
import ServiceKit
import TextFormats

struct DeviceLogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show what devices and their apps logged.",
    discussion: """
      Times are by the device's clock. With --json each line is a JSON object. With several devices each line begins with \
      whose it is; without --follow one device's lines follow the other's.
      """)

  /// How many devices are followed at once, because each is asked for by itself.
  private static let mostDevices = 32

  @OptionGroup var options: AdminOptions
  @Argument(
    help: ArgumentHelp("The devices: their names, their IDs, or the beginning of either.", valueName: "device"),
    completion: DeviceCompletion.kind)
  var devices: [String]
  @Flag(help: "Go on with lines as they arrive, until interrupted.") var follow = false
  @Option(
    help: "Only lines that matter at least so much: debug, info, warning or error.",
    completion: .list(["debug", "info", "warning", "error"]))
  var level = ""
  @Option(help: ArgumentHelp("Only lines that hold this, in the same case.", valueName: "text")) var grep = ""
  @Option(help: "How many of the newest lines to show of each device; 0 for all.") var last: UInt32 = 100

  func validate() throws {
    guard !follow || last <= 1000 else { throw ValidationError("--last must be from 0 to 1000 with --follow") }
    guard devices.count <= Self.mostDevices else {
      throw ValidationError("at most \(Self.mostDevices) devices at once")
    }
  }

  func run() async throws {
    try await runAdmin {
      try await options.withClient(of: Registry.self) { client in
        let chosen = try await RegistryAdministration(client, deadline: options.deadline).devices(named: devices)
        if follow { return try await followLogs(of: chosen, client) }
        for device in chosen {
          let (lines, hasMore) = try await RegistryAdministration(client, deadline: options.deadline).logs(
            of: device.id, level: level, text: grep, limit: last == 0 ? nil : Int(last))
          try show(lines, of: device, among: chosen.count)
          if hasMore, !options.json { StandardError.write("There are older lines: use --last 0 for all.\n") }
        }
      }
    }
  }

  /// Follows each device by itself, so that a quiet device holds up no other.
  private func followLogs(of devices: [DeviceDocument], _ client: any RPCCaller) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for device in devices {
        group.addTask {
          var follower = try LogFollower(
            client: client, device: device.id, level: level, text: grep, deadline: options.deadline)
          try show(try await follower.start(count: last), of: device, among: devices.count)
          while true { try show(try await follower.next(), of: device, among: devices.count) }
        }
      }
      try await group.waitForAll()
    }
  }

  private func show(_ lines: [StoredLogLineDocument], of device: DeviceDocument, among count: Int) throws {
    for line in lines {
      let text =
        options.json
        ? PlainText.escaped(json: try line.jsonLine(device: count > 1 ? device.id : nil))
        : PlainText.escaped((count > 1 ? "\(device.label)  " : "") + line.textLine)
      StandardOutput.write(text + "\n")
    }
  }
}
