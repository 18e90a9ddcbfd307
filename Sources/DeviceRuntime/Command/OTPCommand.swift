import ArgumentParser
import DeviceAdmin
import DeviceCredentials
import DeviceStorage
import Foundations
import ServiceKit

struct OTPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "otp", abstract: "Show and blow the device's fuses.",
    discussion: "docs/otp.md says what they hold.", subcommands: [OTPShowCommand.self, OTPProgramCommand.self])
}

struct OTPShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what the fuses hold.")

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  @OptionGroup var options: ServeOptions
  @OptionGroup var directory: DirectoryOption

  func run() async throws {
    directory.apply()
    try await runAdmin {
      let settings = try options.prepare(DeviceSettings.self).settings
      // Fuses of the board are there before any folder is.
      if settings.otpPath == nil { try directory.requireFolder() }
      try reportingFuses {
        let contents = OTPContents(try settings.otpBank(DirectoryFlash(directory: settings.directory)).read())
        if json { try printJSON(contents) } else { StandardOutput.write(contents.text) }
      }
    }
  }
}

struct OTPProgramCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "program", abstract: "Blow the fuses as the Provisioner said when the device enrolled.",
    discussion: """
      enroll has done it already; this completes what it could not, and refuses what is locked. End the agent first. \
      There is no way back from a blown fuse.
      """)

  @Option(
    help: ArgumentHelp(
      "Also refuse images of a lower security epoch from now on, at most \(OTPLayout.highestSecurityEpoch).",
      valueName: "epoch"))
  var raiseEpoch: UInt32?

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  @OptionGroup var options: ServeOptions
  @OptionGroup var directory: DirectoryOption

  func validate() throws {
    if let raiseEpoch, raiseEpoch > OTPLayout.highestSecurityEpoch {
      throw ValidationError("--raise-epoch takes at most \(OTPLayout.highestSecurityEpoch)")
    }
  }

  func run() async throws {
    directory.apply()
    try await runAdmin {
      let settings = try options.prepare(DeviceSettings.self).settings
      // Fuses of the board are root's to blow, and so is such an agent.
      if settings.otpPath == nil { try FolderOwner.become(of: settings.directory) }
      try reportingFuses {
        let flash = try DirectoryFlash(directory: settings.directory)
        let lock = try DirectoryLock(directory: settings.directory)
        defer { withExtendedLifetime(lock) {} }
        guard let program = try IdentityFiles(directory: settings.directory).program() else {
          throw IdentityError.notEnrolled(directory: settings.directory)
        }
        let bank = settings.otpBank(flash)
        try program.apply(to: bank)
        if let raiseEpoch { try bank.raiseSecurityEpoch(to: raiseEpoch) }
        let contents = OTPContents(try bank.read())
        if json { try printJSON(contents) } else { StandardOutput.write(contents.text) }
      }
    }
  }
}

private func reportingFuses(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let error as IdentityError {
    throw AdminError("\(error)", status: .configuration)
  } catch let error as OTPError {
    throw AdminError("\(error)", status: .failure)
  } catch let error as DirectoryLock.Refusal {
    throw AdminError("\(error)", status: .temporary)
  }
}

extension OTPContents {
  fileprivate var text: String {
    let rows = [
      ("provisioned", provisioned ? "yes" : "no"),
      ("device", deviceID.map { "\($0)" } ?? "-"),
      ("public key", publicKeyHash ?? "-"),
      ("director key", directorKey ?? "-"),
      ("root document", rootDocumentHash ?? "-"),
      ("publisher", publisherSignatureRequired ? "signature required" : "signature not required"),
      ("security epoch", "\(securityEpoch) of \(OTPLayout.highestSecurityEpoch)"),
      ("locked words", lockedWords.isEmpty ? "none" : lockedWords.map { "\($0)" }.joined(separator: " ")),
    ]
    var table = Table.fields(isTitled: false)
    for (name, value) in rows { table.add([name, value]) }
    return table.text(columns: TerminalWidth.told())
  }
}
