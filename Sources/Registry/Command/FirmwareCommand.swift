import ArgumentParser
import RegistryClient
import ServiceKit

struct FirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firmware", abstract: "Show the firmware versions of a device and what became of them.",
    discussion: "New versions are made by uploading an image to the image store.",
    subcommands: [
      ListFirmwareCommand.self, ShowFirmwareCommand.self, RetryFirmwareCommand.self, RollBackFirmwareCommand.self,
    ])
}

struct RetryFirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Let a device try an image again that it rolled back or refused.",
    discussion: "The image becomes a new version: the device keeps refusing the old one.")

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var device: String

  func run() async throws {
    try await runAdmin {
      let version = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).retryFirmware(device)
      }
      if options.json { try printJSON(["version": version]) } else { print("the image is now version \(version)") }
    }
  }
}

struct RollBackFirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Take a device back to the image that it ran before.",
    discussion: """
      The image becomes a new version, signed anew: versions only grow. Without --to it is the newest other image that \
      the device confirmed.
      """)

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var device: String
  @Option(help: ArgumentHelp("Whose image it shall be, one of the device's versions.", valueName: "version"))
  var to: UInt64?

  func validate() throws {
    guard to != 0 else { throw ValidationError("versions start from 1") }
  }

  func run() async throws {
    try await runAdmin {
      let (version, earlier) = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).rollBackFirmware(device, to: to)
      }
      if options.json {
        try printJSON(["version": version, "imageOf": earlier])
      } else {
        print("the image of version \(earlier) is now version \(version)")
      }
    }
  }
}

struct ListFirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List versions, newest first.")

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var device: String
  @OptionGroup var list: ListOptions

  func run() async throws {
    try await runAdmin {
      let (firmware, hasMore) = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).firmware(
          of: device, limit: list.most(json: options.json))
      }
      if options.json {
        try printJSON(firmware)
      } else {
        StandardOutput.write(FirmwareDocument.table(firmware, columns: list.table.columns))
      }
      list.tell(hasMore: hasMore)
    }
  }
}

struct ShowFirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one version.")

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var device: String
  @Argument(help: "The version; the newest otherwise.") var version: UInt64?

  func validate() throws {
    guard version != 0 else { throw ValidationError("versions start from 1") }
  }

  func run() async throws {
    try await runAdmin {
      let firmware = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).firmware(of: device, version: version)
      }
      if options.json {
        try printJSON(firmware)
      } else {
        StandardOutput.write(firmware.details(columns: TerminalWidth.told()))
      }
    }
  }
}
