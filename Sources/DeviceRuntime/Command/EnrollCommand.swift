import ArgumentParser
import Curl
import DeviceRuntimeCore
import FoundationEssentials
import ServiceKit

struct EnrollCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enroll", abstract: "Get this device an identity, with a claim.",
    discussion: """
      An operator makes the claim with "xtblish-provisioner claim create". Its token is a secret: give it in \
      \(ClaimToken.environmentName) or with --claim-file, as the arguments of a process can be seen by every user of \
      the machine.
      """)

  @Option(help: ArgumentHelp("A file with the claim's token; - is the standard input.", valueName: "file"))
  var claimFile: String?

  @Option(help: ArgumentHelp("The claim's token itself.", valueName: "token"))
  var claim: String?

  @Option(
    help: ArgumentHelp(
      "What tells this board from others of its maker, 1 to 64 characters.",
      discussion: "Otherwise taken from the device tree, the firmware or /etc/machine-id."))
  var serial: String?

  @Option(
    help: ArgumentHelp(
      "The Provisioner's base URL.", discussion: "Otherwise XTBLISH_PROVISIONER_URL names it.", valueName: "url"))
  var provisioner: String?

  @Flag(help: "Give up the identity that the device has already.")
  var replace = false

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  @OptionGroup var options: ServeOptions
  @OptionGroup var directory: DirectoryOption

  func run() async throws {
    directory.apply()
    try await runAdmin {
      let settings = try options.prepare(DeviceSettings.self).settings
      let identity = try await enroll(settings)
      if json {
        try printJSON(identity)
      } else {
        print("enrolled as \(identity.name), device \(identity.device)")
        print("start it with: xtblish-device run --directory \(settings.directory)")
      }
    }
  }

  private func enroll(_ settings: DeviceSettings) async throws -> DeviceIdentity {
    guard let url = provisioner ?? settings.provisionerURL else {
      throw AdminError(
        "where to enrol? Name the Provisioner with --provisioner or XTBLISH_PROVISIONER_URL", status: .usage)
    }
    guard let serial = serial ?? MachineSerial.read() else {
      throw AdminError("this machine has no serial number that can be read; give it one with --serial", status: .usage)
    }
    do {
      let token = try ClaimToken.find(
        argument: claim, file: claimFile, environment: ProcessInfo.processInfo.environment)
      let flash = try DirectoryFlash(directory: settings.directory)
      let lock = try DirectoryLock(directory: settings.directory)
      defer { withExtendedLifetime(lock) {} }
      try refuseIfEnrolled(flash, settings.directory)
      let enrolment = Enrolment(provisionerURL: url, http: HTTPClient())
      let identity = try await enrolment.enroll(token: token, serial: serial)
      try identity.save(to: flash)
      return identity
    } catch let error as ClaimToken.Problem {
      throw AdminError("\(error)", status: .usage)
    } catch let error as Enrolment.Refusal {
      throw AdminError("\(error)", status: error.isTransient ? .unavailable : .failure)
    } catch let error as DirectoryLock.Refusal {
      throw AdminError("\(error)", status: .temporary)
    }
  }

  private func refuseIfEnrolled(_ flash: DirectoryFlash, _ directory: String) throws {
    guard !replace, let identity = try? DeviceIdentity.load(from: flash, directory: directory) else { return }
    throw IdentityError.alreadyEnrolled(identity.device, directory: directory)
  }
}
