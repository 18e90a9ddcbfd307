import ArgumentParser
import RegistryCore
import ServiceKit

struct FirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firmware", abstract: "Show the firmware versions of a device and what became of them.",
    discussion: "New versions are made by uploading an image to the image store.",
    subcommands: [ListFirmwareCommand.self, ShowFirmwareCommand.self, RetryFirmwareCommand.self])
}

struct RetryFirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Let a device try an image again that it rolled back or refused.",
    discussion: "The image becomes a new version: the device keeps refusing the old one.")

  @OptionGroup var options: AdminOptions
  @Argument(help: "The device's UUID.") var device: String

  func run() async throws {
    try await runAdmin {
      let version = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).retryFirmware(device)
      }
      if options.json { try printJSON(["version": version]) } else { print("the image is now version \(version)") }
    }
  }
}

struct ListFirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List versions, newest first.")

  @OptionGroup var options: AdminOptions
  @Argument(help: "The device's UUID.") var device: String
  @Option(help: "How many at most; 0 for all.") var limit = 50

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit must be a whole number from 0") }
  }

  func run() async throws {
    try await runAdmin {
      let (firmware, hasMore) = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).firmware(
          of: device, limit: limit == 0 ? nil : limit)
      }
      if options.json { try printJSON(firmware) } else { print(FirmwareDocument.table(firmware), terminator: "") }
      if hasMore, !options.json { StandardError.write("There are more: use --limit 0 for all.\n") }
    }
  }
}

struct ShowFirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one version.")

  @OptionGroup var options: AdminOptions
  @Argument(help: "The device's UUID.") var device: String
  @Argument(help: "The version; the newest otherwise.") var version: UInt64?

  func validate() throws {
    guard version != 0 else { throw ValidationError("versions start from 1") }
  }

  func run() async throws {
    try await runAdmin {
      let firmware = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).firmware(of: device, version: version)
      }
      if options.json { try printJSON(firmware) } else { print(firmware.details, terminator: "") }
    }
  }
}
