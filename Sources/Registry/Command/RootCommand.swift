import ArgumentParser
import FirmwareImage
import Foundations
import RegistryClient
import RootDocument
import ServiceKit

struct RootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "root", abstract: "Make root documents: whose signatures devices trust.",
    discussion: "draft, sign and publish are for root keys on several machines; update does all three at once.",
    subcommands: [
      InitRootCommand.self, ShowRootCommand.self, UpdateRootCommand.self, DraftRootCommand.self, SignRootCommand.self,
      PublishRootCommand.self,
    ])
}

struct InitRootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make the root keys and the first root document, and publish it.",
    discussion: "Take the keys away from this machine afterwards: they are needed for the next document alone.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var publishers: PublisherOptions

  @Option(help: ArgumentHelp("The folder that gets the keys, root-1.key and so on.", valueName: "folder"))
  var outKeys: String

  @Option(help: "How many root keys there are, 1 to 16.") var keys = 3
  @Option(help: "How many of them must sign.") var threshold = 2

  func validate() throws {
    guard (1...RootDocument.maximumRootKeys).contains(keys), (1...keys).contains(threshold) else {
      throw ValidationError("--keys goes from 1 to \(RootDocument.maximumRootKeys), --threshold from 1 to --keys")
    }
  }

  func run() async throws {
    try await runAdmin {
      var changes = try publishers.changes()
      changes.threshold = threshold
      let view = try await options.withClient(of: Registry.self) { client in
        let registry = RegistryAdministration(client, deadline: options.deadline)
        try await registry.requireNoRootDocument()
        let directors = try await registry.currentDirectors()
        let paths = try RootKeyFiles.create(keys, in: outKeys)
        var document = try changes.first(
          rootKeys: try paths.map { path in try SigningKeyFile.readPublic(SigningKeyFile.publicPath(of: path)) },
          directors: directors, now: .now)
        for path in paths { document = try document.signed(by: SigningKeyFile.readPrivate(path)) }
        try await registry.publish(document)
        return try RootDocumentView(document)
      }
      if options.json { try printJSON(view) } else { StandardOutput.write(view.details(columns: TerminalWidth.told())) }
    }
  }
}

struct ShowRootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the newest root document, another version, or a file.")

  @OptionGroup var options: AdminOptions
  @Option(help: ArgumentHelp("Write the document itself there.", valueName: "file")) var out: String?
  @Argument(help: "A version, or a file; the newest version otherwise.") var which: String?

  func run() async throws {
    try await runAdmin {
      let version = which.flatMap { UInt64($0) }
      let document =
        if let which, version == nil {
          try RootDocumentFile.read(which)
        } else {
          try await options.withClient(of: Registry.self) { client in
            try await RegistryAdministration(client, deadline: options.deadline).rootDocument(version)
          }
        }
      if let out { try RootDocumentFile.write(document, to: out) }
      let view = try RootDocumentView(document)
      if options.json { try printJSON(view) } else { StandardOutput.write(view.details(columns: TerminalWidth.told())) }
    }
  }
}

struct DraftRootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draft", abstract: "Write the next root document, for its signatures.",
    discussion: "It names the director's keys of the Registry, and all that the newest one names.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var changes: RootChangeOptions
  @Option(help: ArgumentHelp("Where to write it.", valueName: "file")) var out: String

  func run() async throws {
    try await runAdmin {
      let changes = try changes.changes()
      let draft = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).draft(changes)
      }
      try RootDocumentFile.write(draft, to: out)
      if options.json { return try printJSON(["version": draft.document.version]) }
      print("version \(draft.document.version) is in \(out): sign it with root sign \(out) --key …")
    }
  }
}

struct SignRootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Add signatures to a root document in a file; needs no service.")

  @Argument(help: "The file.") var file: String
  @Option(help: ArgumentHelp("A root key; several are possible.", valueName: "file")) var key: [String]
  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await runAdmin {
      var document = try RootDocumentFile.read(file)
      for path in key { document = try document.signed(by: SigningKeyFile.readPrivate(path)) }
      try RootDocumentFile.write(document, to: file)
      let (version, signatures) = (document.document.version, document.signatures.count)
      if json { return try printJSON(["version": version, "signatures": UInt64(signatures)]) }
      print("version \(version) has \(signatures) \(signatures == 1 ? "signature" : "signatures")")
    }
  }
}

struct PublishRootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Publish a signed root document.",
    discussion: "Enough root keys of the newest document, and of the new one, must have signed it.")

  @OptionGroup var options: AdminOptions
  @Argument(help: "The file.") var file: String

  func run() async throws {
    try await runAdmin {
      let document = try RootDocumentFile.read(file)
      let version = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).publish(document)
      }
      if options.json { try printJSON(["version": version]) } else { print("root document \(version) is published") }
    }
  }
}

struct UpdateRootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Make, sign and publish the next root document.",
    discussion: "Without changes it makes a fresh one that expires later, and names the director's next key.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var changes: RootChangeOptions
  @Option(help: ArgumentHelp("A root key; several are possible.", valueName: "file")) var key: [String]

  func run() async throws {
    try await runAdmin {
      let changes = try changes.changes()
      let keys = try key.map { path in try SigningKeyFile.readPrivate(path) }
      let view = try await options.withClient(of: Registry.self) { client in
        let registry = RegistryAdministration(client, deadline: options.deadline)
        var document = try await registry.draft(changes)
        for key in keys { document = try document.signed(by: key) }
        try await registry.publish(document)
        return try RootDocumentView(document)
      }
      if options.json { try printJSON(view) } else { StandardOutput.write(view.details(columns: TerminalWidth.told())) }
    }
  }
}
