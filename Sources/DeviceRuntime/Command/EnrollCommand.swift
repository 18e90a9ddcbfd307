import ArgumentParser
import Curl
import DeviceAdmin
import DeviceCredentials
import DeviceStorage
import FoundationEssentials
import Foundations
import OpenSSL
import ServiceKit

struct EnrollCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enroll", abstract: "Get this device an identity, with a claim.",
    discussion: """
      An operator makes the claim with "xtblish-provisioner claim create". Its token is a secret: give it in \
      \(ClaimToken.environmentName) or with --claim-file, as the arguments of a process can be seen by every user of \
      the machine. It also says by which root certificate the Provisioner can be known. The device's key is made here \
      and stays here; what it is and whom it trusts is burnt into its OTP bank. What was interrupted is completed by \
      the same command.
      """)

  @Option(help: ArgumentHelp("A file with the claim's token; - is the standard input.", valueName: "file"))
  var claimFile: String?

  @Option(help: ArgumentHelp("The claim's token itself.", valueName: "token"))
  var claim: String?

  @Option(
    help: ArgumentHelp(
      "What tells this board from others of its maker, 1 to \(Enrolment.serialLengths.upperBound) characters.",
      discussion: """
        Otherwise, with --replace, the one that it enrolled with; else from the device tree, the firmware or \
        /etc/machine-id.
        """))
  var serial: String?

  @Option(
    help: ArgumentHelp(
      "The Provisioner's base URL.", discussion: "Otherwise XTBLISH_PROVISIONER_URL names it.", valueName: "url"))
  var provisioner: String?

  @Option(
    help: ArgumentHelp(
      "The root certificates that the Provisioner's comes from, PEM, instead of the one that the claim names.",
      valueName: "file"))
  var caFile: String?

  @Flag(help: "Without a claim: the serial and the hash of the device's key are registered; see the command key.")
  var registered = false

  @Option(
    help: ArgumentHelp(
      "Without a claim: the certificate that the device's maker gave it, and those above it, PEM.", valueName: "file"))
  var factoryCertificate: String?

  @Option(help: ArgumentHelp("The key of that certificate, PEM.", valueName: "file"))
  var factoryKey: String?

  @Flag(help: "Allow an http URL, and an identity without a certificate: for tests on one machine.")
  var insecure = false

  @Flag(help: "Give up the identity that the device has already.")
  var replace = false

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  @OptionGroup var options: ServeOptions
  @OptionGroup var directory: DirectoryOption

  func validate() throws {
    guard (factoryCertificate == nil) == (factoryKey == nil) else {
      throw ValidationError("--factory-certificate and --factory-key go together")
    }
    guard !registered || factoryCertificate == nil else {
      throw ValidationError("--registered and --factory-certificate exclude each other")
    }
  }

  func run() async throws {
    directory.apply()
    try await runAdmin {
      let process = try options.prepare(DeviceSettings.self)
      let settings = process.settings
      let identity = try await enroll(settings, isInsecure: insecure || process.process.isInsecure)
      if json {
        try printJSON(identity)
      } else {
        print("enrolled as \(identity.name), device \(identity.device)")
        print("start it with: xtblish-device run --directory \(settings.directory)")
      }
    }
  }

  private func enroll(_ settings: DeviceSettings, isInsecure: Bool) async throws -> DeviceIdentity {
    // Root alone may be able to read it.
    let credential = Result { try self.credential() }
    try FolderOwner.become(of: settings.directory)
    do {
      let flash = try DirectoryFlash(directory: settings.directory)
      let lock = try DirectoryLock(directory: settings.directory)
      defer { withExtendedLifetime(lock) {} }
      let bank = settings.otpBank(flash)
      let installation = EnrolmentInstallation(
        flash: flash, files: try IdentityFiles(directory: settings.directory), bank: bank)
      if replace {
        try installation.files.removePending()
      } else if let identity = try installation.resume() {
        await report(bank, identity, installation.files, settings)
        return identity
      }
      try refuseIfEnrolled(flash, settings.directory)
      let identity = try await enroll(settings, installation, credential, isInsecure: isInsecure)
      await report(bank, identity, installation.files, settings)
      return identity
    } catch let error as ClaimToken.Problem {
      throw AdminError("\(error)", status: .usage)
    } catch let error as Enrolment.Refusal {
      throw AdminError("\(error)", status: error.isTransient ? .unavailable : .failure)
    } catch let error as DirectoryLock.Refusal {
      throw AdminError("\(error)", status: .temporary)
    } catch let error as InvalidAnswer {
      throw AdminError(
        "the Provisioner's answer can't be used: \("\(error)".asClause). To give an enrolment up that was "
          + "interrupted, use --replace",
        status: .failure)
    } catch let error as OTPError {
      throw AdminError("\(error)", status: .failure)
    }
  }

  private func enroll(
    _ settings: DeviceSettings, _ installation: EnrolmentInstallation,
    _ credential: Result<EnrolmentCredential, any Error>, isInsecure: Bool
  ) async throws -> DeviceIdentity {
    guard let url = provisioner ?? settings.provisionerURL else {
      throw AdminError(
        "where to enrol? Name the Provisioner with --provisioner or XTBLISH_PROVISIONER_URL", status: .usage)
    }
    // A maker's certificate has its own.
    let serial = serial ?? (factoryCertificate == nil ? ownSerial(installation, settings) : nil)
    guard serial != nil || factoryCertificate != nil else {
      throw AdminError("this machine has no serial number that can be read; give it one with --serial", status: .usage)
    }
    let credential = try credential.get()
    let isPlain = !url.lowercased().hasPrefix("https://")
    let key = isPlain ? nil : try installation.files.keyMadeIfNeeded()
    // Before a claim is used up by a device that could not be made.
    if let key { try installation.checkFuses(for: key) }
    let tls = try await ProvisionerTrust.tls(
      for: url, credential, caFile: caFile, isInsecure: isInsecure, proxy: settings.proxy)
    let http = HTTPClient(HTTPClient.Configuration(tls: tls, proxy: settings.proxy))
    defer { http.close() }
    let answer = try await Enrolment(provisionerURL: url, http: http).enroll(credential, serial: serial, key: key)
    guard answer.isPlain == isPlain else {
      throw AdminError(
        isPlain
          ? "the Provisioner gave a certificate that nobody asked for: enrol at its https URL"
          : "the Provisioner gave no certificate, which only an insecure one at an http URL may", status: .failure)
    }
    return try installation.install(answer, serial: serial ?? answer.name, provisionerURL: url)
  }

  /// A board that comes back is known by the serial number that it had.
  private func ownSerial(_ installation: EnrolmentInstallation, _ settings: DeviceSettings) -> String? {
    let former = replace ? installation.formerSerial(directory: settings.directory) : nil
    return former ?? MachineSerial.read()
  }

  private func credential() throws -> EnrolmentCredential {
    if registered { return .registeredKey }
    guard let factoryCertificate, let factoryKey else {
      return .claim(
        EnrolmentClaim(
          try ClaimToken.find(argument: claim, file: claimFile, environment: ProcessInfo.processInfo.environment)))
    }
    do {
      let certificates = try SmallFile.contents(of: factoryCertificate, .anybody, maximumBytes: 1 << 20)
      let key = try SmallFile.contents(of: factoryKey, .anybody, maximumBytes: 1 << 20)
      return .factory(certificates: certificates, key: try P256.PrivateKey(pem: key))
    } catch {
      throw AdminError("the maker's certificate or its key can't be used: \(error)", status: .usage)
    }
  }

  /// The agent reports again when it starts, so that a failure here does no harm.
  private func report(
    _ bank: any OTPBank, _ identity: DeviceIdentity, _ files: IdentityFiles, _ settings: DeviceSettings
  ) async {
    guard !identity.isPlain else { return }
    do {
      let http = HTTPClient(HTTPClient.Configuration(tls: try files.httpTLS(), proxy: settings.proxy))
      defer { http.close() }
      let differences = try await OTPReport.send(bank, to: identity.provisionerURLs, http)
      guard !differences.isEmpty else { return }
      StandardError.write(
        "warning: the Provisioner's record of the fuses differs: \(differences.joined(separator: ", "))\n")
    } catch {
      StandardError.write("warning: the fuses are not reported yet; the agent will do it: \(error)\n")
    }
  }

  private func refuseIfEnrolled(_ flash: DirectoryFlash, _ directory: String) throws {
    guard !replace, let identity = try? DeviceIdentity.load(from: flash, directory: directory) else { return }
    throw IdentityError.alreadyEnrolled(identity.device, directory: directory)
  }
}
