import ArgumentParser
import CertificateAuthority
import FoundationEssentials
import ProvisionerClient
import ServiceKit

struct CACommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ca", abstract: "Make, show and renew the certificate authority in a folder; no service is needed.",
    subcommands: [
      InitialiseAuthorityCommand.self, ShowAuthorityCommand.self, RotateAuthorityCommand.self,
      RetireAuthorityCommand.self,
    ])
}

/// Where an authority is, and what opens its keys.
struct AuthorityOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The authority's folder.", valueName: "folder"))
  var directory: String

  @Option(
    help: ArgumentHelp("The file with the passphrase of the keys, or the PIN of the token.", valueName: "file"))
  var passphraseFile: String?

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  var authority: AuthorityDirectory { AuthorityDirectory(directory, passphraseFile: passphraseFile) }

  func printOut(_ authority: Authority) throws {
    let document = try AuthorityDocument(authority)
    if json { try printJSON(document) } else { StandardOutput.write(document.text(columns: TerminalWidth.told())) }
  }
}

/// How new keys of an authority are made.
struct AuthorityKeyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The root's key in a PKCS#11 token, such as pkcs11:token=T;object=K?module-path=F&pin-source=F.",
      valueName: "uri"))
  var rootPkcs11Uri: String?

  @Option(help: ArgumentHelp("The intermediate's key in a PKCS#11 token.", valueName: "uri"))
  var pkcs11Uri: String?

  @Option(help: ArgumentHelp("How long a root is good.", valueName: "time"))
  var rootLifetime = "7300d"

  @Option(help: ArgumentHelp("How long an intermediate is good.", valueName: "time"))
  var intermediateLifetime = "1825d"

  func options() throws -> AuthorityDirectory.Options {
    var options = AuthorityDirectory.Options()
    options.rootKeyURI = rootPkcs11Uri
    options.intermediateKeyURI = pkcs11Uri
    options.rootLifetime = try lifetime(rootLifetime, "--root-lifetime")
    options.intermediateLifetime = try lifetime(intermediateLifetime, "--intermediate-lifetime")
    return options
  }
}

/// Reads a time from a second to a hundred years.
func lifetime(_ text: String, _ option: String) throws -> Duration {
  let type = SettingType.duration(.seconds(1)...(.seconds(36_525 * 86_400)))
  guard let duration = try? type.parse(text) else {
    throw ValidationError("\(option) must be \(type.expected)")
  }
  return duration
}

struct InitialiseAuthorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a root and an intermediate, with new keys.",
    discussion: """
      Writes ca.pem (the root, for everybody to trust), root.pem and root.key, intermediate.pem and intermediate.key for \
      devices, services.pem and services.key for services and operators. The service needs neither root.key nor \
      services.key: take them to where it is safe, and back for ca rotate and certificate issue.
      """)

  @OptionGroup var options: AuthorityOptions
  @OptionGroup var keys: AuthorityKeyOptions

  @Flag(help: "Do nothing if there is an authority already.")
  var ifMissing = false

  @Option(
    help: ArgumentHelp(
      "Also write the roots and first, empty CRLs into its folders devices and services, for a broker to start.",
      valueName: "folder"))
  var crlDirectory: String?

  func run() async throws {
    try await runAdmin {
      let directory = options.authority
      if ifMissing && directory.isInitialised { return try options.printOut(directory.load()) }
      let authority = try directory.initialise(keys.options())
      if let crlDirectory {
        try RevocationDirectory("\(crlDirectory)/devices").begin(roots: authority.roots, issuers: authority.issuers)
        try RevocationDirectory("\(crlDirectory)/services").begin(
          roots: authority.roots, issuers: [directory.loadServicesSigner()])
      }
      try options.printOut(authority)
    }
  }
}

struct ShowAuthorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show the authority's certificates.")

  @OptionGroup var options: AuthorityOptions

  func run() async throws {
    try await runAdmin {
      try options.printOut(options.authority.load())
    }
  }
}

struct RotateAuthorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Make a new intermediate; what the old one has issued stays good.",
    discussion: """
      A running service takes it up by itself. With --root the root is replaced too; then give everybody the new ca.pem, \
      which holds both roots.
      """)

  @OptionGroup var options: AuthorityOptions
  @OptionGroup var keys: AuthorityKeyOptions

  @Flag(help: "Make a new root as well.")
  var root = false

  @Flag(help: "Make a new intermediate for services and operators, not for devices.")
  var services = false

  @Flag(
    help: """
      Go on without the old intermediate's key: devices that have its certificates are refused by brokers no more when \
      they are revoked, until they renew.
      """)
  var lostKey = false

  @Option(
    help: ArgumentHelp(
      "With --services: the folder where ca init wrote first CRLs; the new one's goes beside them.",
      valueName: "folder"))
  var crlDirectory: String?

  @Option(
    help: ArgumentHelp("Where root.pem and root.key are, if not in the authority's folder.", valueName: "folder"))
  var rootDirectory: String?

  @Option(help: ArgumentHelp("The passphrase of the root's key, if it is another.", valueName: "file"))
  var rootPassphraseFile: String?

  func validate() throws {
    if services && root { throw ValidationError("--services and --root are two rotations: do one after the other") }
    if services && lostKey { throw ValidationError("--services needs no key of before: leave --lost-key out") }
    if crlDirectory != nil && !services { throw ValidationError("--crl-directory goes with --services") }
  }

  func run() async throws {
    try await runAdmin {
      var home: AuthorityDirectory?
      if rootDirectory != nil || rootPassphraseFile != nil {
        home = AuthorityDirectory(
          rootDirectory ?? options.directory, passphraseFile: rootPassphraseFile ?? options.passphraseFile)
      }
      guard services else {
        return try options.printOut(
          options.authority.rotate(
            keys.options(), includingRoot: root, rootDirectory: home, isKeyLost: lostKey))
      }
      let signer = try options.authority.rotateServices(keys.options(), rootDirectory: home)
      let authority = try options.authority.load()
      if let crlDirectory {
        try RevocationDirectory("\(crlDirectory)/services").begin(
          roots: authority.roots, issuers: [signer])
      }
      try options.printOut(authority)
    }
  }
}

struct RetireAuthorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire", abstract: "Take out a root or an intermediate of old, once nobody needs it any more.")

  @OptionGroup var options: AuthorityOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Argument(help: ArgumentHelp("The eight digits that its name ends with.", valueName: "key"))
  var key: String

  func run() async throws {
    try await runAdmin {
      try confirmation.confirm(
        "Nobody trusts authority \(key) any more, and its key goes.", name: key)
      try options.printOut(options.authority.retire(keyName: key))
    }
  }
}
