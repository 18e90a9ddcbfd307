import ArgumentParser
import CertificateAuthority
import ServiceKit

struct CertificateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certificate", abstract: "Certificates of services and operators.",
    subcommands: [IssueCertificateCommand.self])
}

struct IssueCertificateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue", abstract: "Make a key and a certificate for a service or an operator; no service is needed.",
    discussion: "Writes NAME.key and NAME.pem, the certificate and the intermediate above it.")

  @Option(help: ArgumentHelp("The authority's folder.", valueName: "folder"))
  var authority: String

  @Option(help: ArgumentHelp("The file with the passphrase of its key, or the PIN of the token.", valueName: "file"))
  var passphraseFile: String?

  @Option(help: ArgumentHelp("The name of a service's instance, such as notifier-1.", valueName: "name"))
  var service: String?

  @Option(
    help: ArgumentHelp(
      "The service's role: \(CertificateOwner.ServiceRole.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "role"))
  var role: String?

  @Option(help: ArgumentHelp("A host name that the service answers as; may be repeated.", valueName: "host"))
  var dns: [String] = []

  @Option(help: ArgumentHelp("An address that the service answers as; may be repeated.", valueName: "address"))
  var ip: [String] = []

  @Option(help: ArgumentHelp("The name of an operator.", valueName: "name"))
  var `operator`: String?

  @Option(help: ArgumentHelp("Where the files go.", valueName: "folder"))
  var out: String

  @Option(help: ArgumentHelp("How long the certificate is good.", valueName: "time"))
  var lifetime = "365d"

  @Option(
    help: ArgumentHelp("Do nothing if the files hold a certificate that is good for that long yet.", valueName: "time"))
  var unlessGoodFor: String?

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  /// The files' name, and whom they are for.
  private func owner() throws -> (name: String, CertificateOwner) {
    if let name = `operator` {
      guard service == nil, role == nil, dns.isEmpty, ip.isEmpty else {
        throw ValidationError("--operator goes with none of --service, --role, --dns and --ip")
      }
      guard CertificateOwner.isName(name) else { throw invalidName("--operator") }
      return (name, .operator(name))
    }
    guard let name = service, let role else { throw ValidationError("give --service and --role, or --operator") }
    guard CertificateOwner.isName(name) else { throw invalidName("--service") }
    guard let role = CertificateOwner.ServiceRole(rawValue: role) else {
      let known = CertificateOwner.ServiceRole.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--role must be one of \(known)")
    }
    var hosts: [CertificateHost] = []
    for text in dns {
      guard let host = CertificateHost(dns: text) else { throw ValidationError("--dns must be a host name") }
      hosts.append(host)
    }
    for text in ip {
      guard let host = CertificateHost(ip: text) else { throw ValidationError("--ip must be an IPv4 or IPv6 address") }
      hosts.append(host)
    }
    return (name, .service(name: name, role: role, hosts: hosts))
  }

  private func invalidName(_ option: String) -> ValidationError {
    ValidationError("\(option) must be 1 to 48 of a-z, 0-9, - and _, beginning with a letter or digit")
  }

  private struct Issued: Encodable {
    let certificate: String
    let key: String
    /// False if the one that was there is good for long enough.
    let isNew: Bool

    init(name: String, folder: String, isNew: Bool) {
      certificate = "\(folder)/\(name).pem"
      key = "\(folder)/\(name).key"
      self.isNew = isNew
    }
  }

  func run() async throws {
    try await runAdmin {
      let (name, owner) = try owner()
      let duration = try ProvisionerCommand.lifetime(lifetime, "--lifetime")
      let files = LeafFiles(
        signer: try AuthorityDirectory(authority, passphraseFile: passphraseFile).loadServicesSigner(), folder: out)
      if let unlessGoodFor,
        files.isGood(name, for: owner, remaining: try ProvisionerCommand.lifetime(unlessGoodFor, "--unless-good-for"))
      {
        if json { try printJSON(Issued(name: name, folder: out, isNew: false)) }
        return
      }
      _ = try files.make(name, for: owner, lifetime: duration)
      if json { try printJSON(Issued(name: name, folder: out, isNew: true)) }
    }
  }
}
