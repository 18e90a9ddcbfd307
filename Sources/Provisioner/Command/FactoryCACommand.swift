import ArgumentParser
import FoundationEssentials
import Foundations
import ProvisionerClient
import ServiceKit

struct FactoryCACommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "factory-ca", abstract: "CAs whose devices enrol just in time, without a claim.",
    subcommands: [AddFactoryCACommand.self, ListFactoryCAsCommand.self, RemoveFactoryCACommand.self])
}

struct AddFactoryCACommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Let devices enrol that have a certificate of a factory's CA.",
    discussion: "Their serial number is the one in the certificate's subject, or its common name.")

  @OptionGroup var options: AdminOptions

  @Argument(help: ArgumentHelp("The CA's certificate in PEM.", valueName: "file"))
  var file: String

  @Option(help: "What kind of devices it makes: serial numbers are told apart by it.")
  var product = ""

  @Option(help: "The group that the devices join.")
  var group = ""

  @Option(help: ArgumentHelp("Given to the devices; may be repeated.", valueName: "tag"))
  var tag: [String] = []

  @Option(help: ArgumentHelp("Names become PREFIX-SERIAL.", valueName: "prefix"))
  var namePrefix = "device"

  func run() async throws {
    try await runAdmin {
      let certificate: String
      do {
        certificate = String(decoding: try SmallFile.contents(of: file, .anybody, maximumBytes: 1 << 20), as: UTF8.self)
      } catch {
        throw AdminError("\(error)", status: .data)
      }
      let factory = try await options.withClient(of: Provisioner.self) { client in
        try await DeviceAdministration(client, deadline: options.deadline).addFactoryCA(
          certificate: certificate, product: product, group: group, tags: tag, namePrefix: namePrefix)
      }
      if options.json {
        try printJSON(factory)
      } else {
        StandardOutput.write(FactoryDocument.table([factory], columns: TerminalWidth.columns()))
      }
    }
  }
}

struct ListFactoryCAsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the factories' CAs.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var table: TableOptions

  func run() async throws {
    try await runAdmin {
      let factories = try await options.withClient(of: Provisioner.self) { client in
        try await DeviceAdministration(client, deadline: options.deadline).factoryCAs()
      }
      if options.json {
        try printJSON(factories)
      } else {
        StandardOutput.write(FactoryDocument.table(factories, columns: table.columns))
      }
    }
  }
}

struct RemoveFactoryCACommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Let no further device enrol by a factory's CA.",
    discussion: "Devices that have enrolled stay.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Argument(help: "The CA's ID, SHA-256 of its certificate in hexadecimal, or a beginning of it that no other has.")
  var id: String

  func run() async throws {
    try await runAdmin {
      try confirmation.confirm(
        "No further device enrols by the factory's CA \(id).", name: id)
      let removed = try await options.withClient(of: Provisioner.self) { client in
        try await DeviceAdministration(client, deadline: options.deadline).removeFactoryCA(id)
      }
      if options.json {
        try printJSON(["removed": removed])
      } else {
        print(removed ? "removed" : "there was none")
      }
    }
  }
}
