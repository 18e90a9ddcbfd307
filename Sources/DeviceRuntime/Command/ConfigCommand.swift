import ArgumentParser
import DeviceStorage
import Foundations
import Glibc
import ServiceKit

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show and set what apps read with config_get.",
    discussion: """
      The values are in app-configuration.json in the device's directory; no agent need run. An app sees what they were \
      when it started: they count from its next start on.
      """, subcommands: [ListConfigCommand.self, SetConfigCommand.self, UnsetConfigCommand.self])

  /// Reads, changes and writes the file.
  fileprivate static func change(
    _ directory: DirectoryOption, _ body: (inout AppConfiguration) throws -> Void
  ) throws -> AppConfiguration {
    try directory.requireFolder()
    do {
      let flash = try DirectoryFlash(directory: directory.path)
      var configuration = try AppConfiguration(from: flash)
      let before = configuration
      try body(&configuration)
      if configuration != before { try configuration.write(to: flash) }
      return configuration
    } catch {
      throw AdminError("\(error)", status: .data)
    }
  }
}

struct ListConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List keys and their values.")

  @OptionGroup var directory: DirectoryOption
  @OptionGroup var table: TableOptions
  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await runAdmin {
      let values = try ConfigCommand.change(directory) { _ in }.values
      if json { return try printJSON(values) }
      var rows = Table([("KEY", .always), ("VALUE", .cut)])
      for (key, value) in values.sorted(by: { $0.key < $1.key }) { rows.add([key, value]) }
      StandardOutput.write(rows.text(columns: table.columns))
    }
  }
}

struct SetConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "set", abstract: "Set the value of a key.")

  @OptionGroup var directory: DirectoryOption
  @Argument(help: "The key, at most 256 bytes.") var key: String
  @Argument(help: "Its value.") var value: String
  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await runAdmin {
      _ = try ConfigCommand.change(directory) { try $0.set(key, to: value) }
      if json { try printJSON([key: value]) } else { print("\(key) is set; an app sees it from its next start on") }
    }
  }
}

struct UnsetConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "unset", abstract: "Take a key away.")

  @OptionGroup var directory: DirectoryOption
  @Argument(help: "The key.") var key: String
  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await runAdmin {
      var wasThere = false
      _ = try ConfigCommand.change(directory) { configuration in
        wasThere = configuration.values[key] != nil
        try configuration.set(key, to: nil)
      }
      if json { try printJSON(["removed": wasThere]) } else { print(wasThere ? "removed" : "there was no such key") }
    }
  }
}
