import ArgumentParser
import Foundations
import RegistryClient
import RegistryDomain
import ServiceKit

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make, list and revoke the tokens that HTTP clients present.",
    subcommands: [CreateTokenCommand.self, ListTokensCommand.self, RevokeTokenCommand.self])
}

struct CreateTokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a token.",
    discussion: """
      Its secret goes into the file of --out, which only its owner may read, or is printed. Nobody can ask for it again: \
      the Registry keeps only its hash. Scopes are read, deploy, operate and admin; each includes those before it.
      """)

  @OptionGroup var options: AdminOptions
  @Argument(help: "Its name: lower-case letters, digits, dots, dashes, underscores.") var name: String
  @Option(help: ArgumentHelp("What it may do; may be repeated.", valueName: "scope")) var scope: [String]
  @Option(
    help: ArgumentHelp("For how long it is good, such as 90d, 12h or seconds; otherwise for ever.", valueName: "time"))
  var expires: String?
  @Option(help: ArgumentHelp("A file for the secret, which must not exist yet.", valueName: "file")) var out: String?

  private static let lifetimeType = SettingType.duration(.seconds(1)...NewToken.longestLifetime)

  func validate() throws {
    if let expires, (try? Self.lifetimeType.parse(expires)) == nil {
      throw ValidationError("--expires must be \(Self.lifetimeType.expected)")
    }
  }

  func run() async throws {
    try await runAdmin {
      let lifetime = try expires.map(Self.lifetimeType.parse)
      // Before the token is made, so that none is made whose secret has no place.
      let file = try out.map { path in try NewFile(path, for: .owner) }
      if out == nil { try StandardOutput.requireRoom() }
      let made: NewTokenDocument
      do {
        made = try await options.withClient(of: Registry.self) { client in
          try await RegistryAdministration(client, deadline: options.deadline).createToken(
            name, scopes: scope, lifetime: lifetime)
        }
      } catch {
        file?.discard()
        throw error
      }
      guard let file else {
        return try StandardOutput.deliver(
          options.json ? jsonText(made) : "\(made.secret)\n",
          orElse: "the token is made, and its secret is gone. Revoke it with: xtblish-registry token revoke \(name)")
      }
      do throws(SmallFileError) {
        try file.write(Array("\(made.secret)\n".utf8))
        try SmallFile.synchronizeFolder(of: file.path)
      } catch {
        throw AdminError("\(error); revoke the token \(name), and make another")
      }
      if options.json { try printJSON(made.token) } else { print("token \(name) is in \(file.path)") }
    }
  }
}

struct ListTokensCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List tokens, newest first.", discussion: "Uses are noted some seconds late.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var list: ListOptions

  func run() async throws {
    try await runAdmin {
      let (tokens, hasMore) = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).tokens(
          limit: list.most(json: options.json))
      }
      if options.json {
        try printJSON(tokens)
      } else {
        StandardOutput.write(TokenDocument.table(tokens, columns: list.table.columns))
      }
      list.tell(hasMore: hasMore)
    }
  }
}

struct RevokeTokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Revoke a token: within two seconds it opens nothing any more.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var confirmation: ConfirmationOptions
  @Argument(help: "Its name, or a beginning of it that no other token has.") var name: String

  func run() async throws {
    try await runAdmin {
      try confirmation.confirm(
        "Token \(name) opens nothing any more, for good.", name: name)
      let token = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).revokeToken(name)
      }
      if options.json { try printJSON(token) } else { print("revoked \(token.name)") }
    }
  }
}
