import ArgumentParser
import RegistryClient
import ServiceKit

struct DirectorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "director", abstract: "Show and exchange the key that signs what devices get.",
    subcommands: [ListDirectorKeysCommand.self, RotateDirectorCommand.self, CreateDirectorKeyCommand.self])
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
      the new file to each of them first. A key that waits in the folder, made by director create, is taken instead of a \
      new one.
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

struct CreateDirectorKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a key in a folder, for a Registry that can't write its own; needs no service.",
    discussion: """
      Bring the folder to the Registry, as a Secret of Kubernetes for example. The first key is taken at its first start, \
      and a further one by director rotate, once every replica has it.
      """)

  @Option(help: ArgumentHelp("The folder that gets the key, in a file of its ID.", valueName: "folder"))
  var directory: String

  @Flag(help: "Make one only if the folder has none.")
  var ifMissing = false

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  func run() async throws {
    try await runAdmin {
      guard let file = try DirectorKeyFile.create(in: directory, ifMissing: ifMissing) else { return }
      if json { try printJSON(["keyID": file.id, "file": file.path]) } else { print("key \(file.id) in \(file.path)") }
    }
  }
}
