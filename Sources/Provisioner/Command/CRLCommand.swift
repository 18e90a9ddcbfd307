import ArgumentParser
import CertificateAuthority
import Foundation
import ProvisionerClient
import ServiceKit

struct CRLCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crl", abstract: "Lists of certificates that were taken back.",
    subcommands: [FollowCommand.self, CheckFolderCommand.self])
}

struct FollowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow", abstract: "Keep a folder with the roots and CRLs current, for a broker, until SIGTERM.",
    discussion: """
      Asks the Provisioner over HTTP. A broker such as mosquitto, with the folder as its capath and ca.crl.pem in it as \
      its crlfile, takes each new CRL at the next connection, without a signal.
      """)

  @Option(help: ArgumentHelp("The Provisioner's base URL.", valueName: "url"))
  var provisioner: String

  @Option(
    help: ArgumentHelp(
      "The roots that its certificate must lead to.", discussion: "Otherwise XTBLISH_CA_FILE names the file.",
      valueName: "file"))
  var caFile: String?

  @Option(help: ArgumentHelp("The folder.", valueName: "folder"))
  var directory: String

  @Flag(help: "Write the folder once, and end.")
  var once = false

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  func run() async throws {
    try await runAdmin {
      let environment = ProcessInfo.processInfo.environment
      let file = caFile ?? environment["XTBLISH_CA_FILE"].flatMap { $0.isEmpty ? nil : $0 }
      let following = RevocationFollowing(
        provisioner: provisioner, folder: RevocationDirectory(directory),
        caFile: file)
      if once {
        _ = try await following.step(known: nil)
        if json { try printJSON(["folder": directory]) }
      } else {
        try await following.serve()
      }
    }
  }
}

struct CheckFolderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Whether a folder with CRLs is kept current; for probes.",
    discussion: "Ends with 75 if nobody has known for longer than --max-age that nothing is missing in it.")

  @Option(help: ArgumentHelp("The folder.", valueName: "folder"))
  var directory: String

  @Option(help: ArgumentHelp("In seconds.", valueName: "seconds"))
  var maxAge = 60

  @Flag(help: "Print JSON for programs; otherwise the exit status is all there is.")
  var json = false

  func run() async throws {
    try await runAdmin {
      guard let age = RevocationDirectory(directory).age else {
        throw AdminError(
          "\(directory) was never brought up to date: run xtblish-provisioner crl follow for it", status: .temporary)
      }
      guard age <= .seconds(maxAge) else {
        throw AdminError(
          "\(directory) was last up to date \(age / .seconds(1)) s ago: see why crl follow reaches no Provisioner",
          status: .temporary)
      }
      if json { try printJSON(["ageSeconds": age / .seconds(1)]) }
    }
  }
}
