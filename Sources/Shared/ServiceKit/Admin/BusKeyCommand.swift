package import ArgumentParser
import FoundationEssentials
import Messaging
package import Wire
import ZeroMQ

/// `bus-key`: makes and shows keys of the bus, without any service.
package struct BusKeyCommand<Service: AdministeredService>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "bus-key", abstract: "Make and show keys of the bus.",
      subcommands: [BusKeyCreateCommand<Service>.self, BusKeyShowCommand<Service>.self])
  }

  package init() {}
}

/// As an argument it is a role that people make keys for: a device's agent makes its own at each start.
extension BusRole: ExpressibleByArgument {
  /// The words that are taken, in the order in which help shows them.
  package static var allValueStrings: [String] { allCases.filter { $0 != .device }.map(\.rawValue) }

  package init?(argument: String) {
    guard Self.allValueStrings.contains(argument) else { return nil }
    self.init(rawValue: argument)
  }
}

/// `bus-key create`
struct BusKeyCreateCommand<Service: AdministeredService>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "create", abstract: "Make the key of an instance or a person, and let it in.",
      discussion: """
        The secret goes to --key-file, which its owner alone may read and which must not be there yet. The public half \
        goes to --peers-directory, in a file that ends with .peer: processes that use this folder let the key in within \
        a second, and no more once the file is removed. Copy the file to other machines' folders.
        """)
  }

  @Option(help: "What the owner of the key may do.")
  package var role: BusRole

  @Option(help: ArgumentHelp("Whose key it is, such as registry-1 or lena.", valueName: "name"))
  package var name: String

  @Option(help: ArgumentHelp("Where to put the secret.", valueName: "file"))
  package var keyFile: String

  @Option(help: ArgumentHelp("The folder of public keys. Made if it is missing.", valueName: "directory"))
  package var peersDirectory: String

  @Flag(help: "Print JSON for programs instead of text for people.")
  package var json = false

  package init() {}

  package mutating func validate() throws {
    guard BusPeer.isName(name) else {
      throw ValidationError("--name must be 1 to 64 letters, digits, dots, hyphens and underscores")
    }
  }

  package func run() async throws {
    try await runAdmin {
      do {
        let key = try BusKey.generate(for: BusPeer(role, name))
        try PeerFolder(peersDirectory).make()
        try key.write(file: keyFile)
        let view = BusKeyView(key, peerFile: try key.publish(in: peersDirectory))
        if json { try printJSON(view) } else { StandardOutput.write(view.text) }
      } catch let error as KeyFileError {
        throw AdminError("\(error)")
      }
    }
  }
}

/// `bus-key show`
struct BusKeyShowCommand<Service: AdministeredService>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "show", abstract: "Show whose key a file has, or who is let in. Never shows a secret.")
  }

  @Option(
    help: ArgumentHelp(
      "The file of the key.", discussion: "Otherwise XTBLISH_BUS_KEY_FILE names it.", valueName: "file"))
  package var keyFile: String?

  @Option(
    help: ArgumentHelp(
      "Show all public keys of this folder instead.", valueName: "directory"))
  package var peersDirectory: String?

  @Flag(help: "Print JSON for programs instead of text for people.")
  package var json = false

  package init() {}

  package func run() async throws {
    try await runAdmin {
      do {
        if let peersDirectory { try show(PeerFolder(peersDirectory)) } else { try showKey() }
      } catch let error as KeyFileError {
        throw AdminError("\(error)")
      }
    }
  }

  private func showKey() throws {
    let variable = BusSettings.keyFileSetting.environmentName
    guard let path = keyFile ?? ProcessInfo.processInfo.environment[variable], !path.isEmpty else {
      throw AdminError("name the key's file with --key-file or \(variable)", status: .usage)
    }
    let view = BusKeyView(try BusKey(file: path))
    if json { try printJSON(view) } else { StandardOutput.write(view.text) }
  }

  private func show(_ folder: PeerFolder) throws {
    let peers = try folder.read().all.map { BusKeyView(peer: $0.peer, publicKey: $0.key.text) }
    if json { return try printJSON(peers) }
    var table = Table([("ROLE", .always), ("NAME", .cut), ("PUBLIC KEY", .always)])
    for peer in peers { table.add([peer.role, peer.name, peer.publicKey]) }
    StandardOutput.write(table.text(columns: TerminalWidth.told()))
  }
}

/// The public half of a key as people and programs get it.
private struct BusKeyView: Encodable {
  let role: String
  let name: String
  let publicKey: String
  var peerFile: String?

  init(peer: BusPeer, publicKey: String) {
    role = peer.role.rawValue
    name = peer.name
    self.publicKey = publicKey
  }

  init(_ key: BusKey, peerFile: String? = nil) {
    self.init(peer: key.peer, publicKey: key.publicKey.text)
    self.peerFile = peerFile
  }

  var text: String {
    var table = Table.fields(isTitled: false)
    table.add(["role", role])
    table.add(["name", name])
    table.add(["key", publicKey])
    if let peerFile { table.add(["let in by", peerFile]) }
    return table.text
  }
}
