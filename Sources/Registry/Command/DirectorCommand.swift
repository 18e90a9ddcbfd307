import ArgumentParser
import RegistryClient
import ServiceKit

struct DirectorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "director", abstract: "Show and exchange the key that signs what devices get.",
    subcommands: [ListDirectorKeysCommand.self, RotateDirectorCommand.self])
}

struct ListDirectorKeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys, newest first.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var table: TableOptions

  func run() async throws {
    try await runAdmin {
      let keys = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).directorKeys()
      }
      if options.json {
        try printJSON(keys)
      } else {
        StandardOutput.write(DirectorKeyDocument.table(keys, columns: table.columns))
      }
    }
  }
}

struct RotateDirectorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Make the key that is to sign next.",
    discussion: """
      It signs as soon as a root document names it: publish one with root update, or with root draft, sign and publish. \
      Until then, and while devices learn of it, deployments go on. If replicas do not share their folder of keys, copy \
      the new file to each of them first.
      """)

  @OptionGroup var options: AdminOptions

  func run() async throws {
    try await runAdmin {
      let key = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).createDirectorKey()
      }
      if options.json {
        try printJSON(key)
      } else {
        print("\(key.keyID) signs once a root document names it: publish one with root update")
      }
    }
  }
}
