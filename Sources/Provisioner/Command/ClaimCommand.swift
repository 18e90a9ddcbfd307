import ArgumentParser
import FoundationEssentials
import Foundations
import ProvisionerClient
import ServiceKit

struct ClaimCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claim", abstract: "Make, show and revoke the claims that devices enrol with.",
    subcommands: [CreateClaimCommand.self, ListClaimsCommand.self, ShowClaimCommand.self, RevokeClaimCommand.self])
}

struct CreateClaimCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a claim, and print its token this once.")

  @OptionGroup var options: AdminOptions

  @Option(help: "How many devices may enrol.")
  var count = 1

  @Option(help: ArgumentHelp("How long devices may enrol, such as 30m, 12h or 7d.", valueName: "time"))
  var lifetime = "24h"

  @Option(
    help: ArgumentHelp(
      "Names become PREFIX-1, PREFIX-2 …; device- and the beginning of the claim's ID otherwise.",
      valueName: "prefix"))
  var namePrefix: String?

  @Option(help: ArgumentHelp("Given to the devices; may be repeated.", valueName: "tag"))
  var tag: [String] = []

  @Option(help: "What kind of device it is for: serial numbers are told apart by it.")
  var product = ""

  @Option(help: "The group that the devices join.")
  var group = ""

  @Option(help: ArgumentHelp("The only serial numbers that may use it; may be repeated.", valueName: "serial"))
  var serial: [String] = []

  @Option(help: ArgumentHelp("A file with such serial numbers, one a line.", valueName: "file"))
  var serialsFile: String?

  @Flag(help: "Print the token and nothing else.")
  var quiet = false

  private static let lifetimes = SettingType.duration(.seconds(1)...(.seconds(316_224_000)))

  func validate() throws {
    guard count > 0 else { throw ValidationError("--count must be a whole number from 1") }
    guard (try? Self.lifetimes.parse(lifetime)) != nil else {
      throw ValidationError("--lifetime must be \(Self.lifetimes.expected)")
    }
    if quiet && options.json { throw ValidationError("--quiet and --json exclude each other") }
  }

  func run() async throws {
    try await runAdmin {
      let serials = try serial + (serialsFile.map { try lines(ofFile: $0) } ?? [])
      try StandardOutput.requireRoom()
      let lifetimeSeconds = Int(try Self.lifetimes.parse(lifetime).components.seconds)
      let claim = try await options.withClient(of: Provisioner.self) { client in
        try await ClaimAdministration(client, deadline: options.deadline).create(
          count: count, lifetimeSeconds: lifetimeSeconds, product: product, group: group, tags: tag,
          serials: serials, namePrefix: namePrefix ?? "")
      }
      let text =
        if quiet {
          "\(claim.token ?? "")\n"
        } else if options.json {
          try jsonText(claim)
        } else {
          """
          \(ClaimDocument.table([claim], columns: TerminalWidth.columns()))
          token: \(claim.token ?? "")
          It is not shown again. On each device: xtblish-device enroll, with the token in XTBLISH_CLAIM.

          """
        }
      try StandardOutput.deliver(
        text,
        orElse: "the claim is made, and its token is gone. Revoke it with: xtblish-provisioner claim revoke \(claim.id)"
      )
    }
  }
}

/// The lines of a file without those that are empty.
private func lines(ofFile path: String) throws -> [String] {
  do {
    let text = String(decoding: try SmallFile.contents(of: path, .anybody, maximumBytes: 4 << 20), as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).map { line in
      String(line.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }.filter { !$0.isEmpty }
  } catch {
    throw AdminError("\(error)", status: .data)
  }
}

struct ListClaimsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List claims, newest first.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var list: ListOptions

  func run() async throws {
    try await runAdmin {
      let most = list.most(json: options.json)
      let (claims, hasMore) = try await options.withClient(of: Provisioner.self) { client in
        try await ClaimAdministration(client, deadline: options.deadline).list(limit: most)
      }
      if options.json {
        try printJSON(claims)
      } else {
        StandardOutput.write(ClaimDocument.table(claims, columns: list.table.columns))
      }
      list.tell(hasMore: hasMore)
    }
  }
}

struct ShowClaimCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a claim and the newest 100 devices that enrolled with it.")

  @OptionGroup var options: AdminOptions

  @Argument(help: "The claim's ID, or a beginning of it that no other claim has.")
  var id: String

  func run() async throws {
    try await runAdmin {
      let details = try await options.withClient(of: Provisioner.self) { client in
        try await ClaimAdministration(client, deadline: options.deadline).show(id)
      }
      if options.json {
        try printJSON(details)
      } else {
        StandardOutput.write(details.text(columns: TerminalWidth.columns()))
      }
    }
  }
}

struct RevokeClaimCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Let no further device enrol with a claim.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Argument(help: "The claim's ID, or a beginning of it that no other claim has.")
  var id: String

  func run() async throws {
    try await runAdmin {
      try confirmation.confirm(
        "No further device enrols with claim \(id), for good.", name: id)
      let claim = try await options.withClient(of: Provisioner.self) { client in
        try await ClaimAdministration(client, deadline: options.deadline).revoke(id)
      }
      if options.json {
        try printJSON(claim)
      } else {
        StandardOutput.write(ClaimDocument.table([claim], columns: TerminalWidth.columns()))
      }
    }
  }
}
