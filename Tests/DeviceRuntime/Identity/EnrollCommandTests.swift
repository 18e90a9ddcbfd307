import Foundation
import Foundations
import OpenSSL
import Synchronization
import TestSupport
import Testing

@testable import DeviceCredentials
@testable import DeviceStorage

/// `xtblish-device enroll` and `otp` against a Provisioner behind real TLS.
@Suite(.seated, .timeLimit(.minutes(10))) struct EnrollCommandTests {
  private static func enroll(
    _ provisioner: PlayedProvisioner, claim: String? = nil, url: String? = nil, _ more: [String] = []
  ) async throws -> (status: ProcessEnding, output: String) {
    let environment = [
      "XTBLISH_DEVICE_DIRECTORY": directory(provisioner), "XTBLISH_CLAIM": try claim ?? provisioner.claim(),
    ]
    return try await DeviceProcess.command(
      ["enroll", "--serial", "s1", "--provisioner", url ?? provisioner.url] + more, environment: environment)
  }

  private static func directory(_ provisioner: PlayedProvisioner) -> String { provisioner.folder.path("device") }

  private static func show(_ provisioner: PlayedProvisioner) async throws -> OTPContents {
    let shown = try await DeviceProcess.command(["otp", "show", "--json", "--directory", directory(provisioner)])
    #expect(shown.status == .exited(0), "\(shown.output)")
    return try JSONDecoder().decode(OTPContents.self, from: Data(shown.output.utf8))
  }

  @Test func aClaimIsEnough() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let enrolled = try await Self.enroll(provisioner)
    #expect(enrolled.status == .exited(0), "\(enrolled.output)")
    #expect(enrolled.output.contains("device \(provisioner.device)"))
    #expect(!enrolled.output.contains("warning"))

    // The key was made here, is its owner's alone, and its public half is what was certified.
    let folder = Self.directory(provisioner) + "/identity"
    let files = try IdentityFiles(directory: Self.directory(provisioner))
    let key = try #require(try files.key())
    #expect(provisioner.state.withLock { $0.keys } == [key.publicKey.subjectPublicKeyInfo])
    for path in ["", "/root"] { #expect(try Self.mode(folder + path) == 0o700) }
    for path in ["/device.key", "/device.pem", "/ca.pem", "/root/1.json"] {
      #expect(try Self.mode(folder + path) == 0o600)
    }
    #expect(!provisioner.requests.contains { String(decoding: $0.body, as: UTF8.self).contains("PRIVATE") })

    // The fuses say what the Provisioner said, and it was told.
    let contents = try await Self.show(provisioner)
    #expect(contents.provisioned && contents.publisherSignatureRequired)
    #expect(contents.deviceID == provisioner.device)
    #expect(contents.publicKeyHash == Hexadecimal.encode(try key.publicKey.hash))
    #expect(provisioner.state.withLock { $0.banks } == [contents])
    // It asked for the root without a certificate, and reported with one.
    #expect(provisioner.peers == ["-", "-", provisioner.device.description])
  }

  private static func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test func aServerWithAnotherRootIsToldNothing() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let refused = try await Self.enroll(provisioner, claim: "top-secret." + String(repeating: "ab", count: 16))
    #expect(refused.status == .exited(1))
    #expect(refused.output.contains("does not have the root certificate"))
    #expect(!refused.output.contains("top-secret"))
    #expect(provisioner.requests.map(\.path) == ["/v1/ca"])
  }

  /// It shows the right root, as anybody can, and has no certificate from it.
  @Test func aServerThatOnlyShowsTheRightRootIsToldNothing() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let other = try await PlayedProvisioner.make()
    let proxy = try await TLSProxy(
      port: Int(provisioner.plainURL.split(separator: ":").last!)!, certificateFile: other.certificate.certificateFile,
      keyFile: other.certificate.keyFile, caFile: other.caFile)
    let refused = try await Self.enroll(provisioner, url: proxy.url)
    #expect(refused.status == .exited(1))
    #expect(refused.output.contains("TLS"))
    #expect(provisioner.requests.map(\.path) == ["/v1/ca"])
  }

  @Test func aFileWithTheRootsDoesWithoutTheFingerprint() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let stranger = try await PlayedProvisioner.make()
    let refused = try await Self.enroll(provisioner, claim: "top-secret", ["--ca-file", stranger.caFile])
    #expect(refused.status == .exited(1) && refused.output.contains("TLS"), "\(refused.output)")
    #expect(provisioner.requests.isEmpty)
    let enrolled = try await Self.enroll(provisioner, claim: "top-secret", ["--ca-file", provisioner.caFile])
    #expect(enrolled.status == .exited(0), "\(enrolled.output)")
  }

  @Test func aPlainURLIsRefusedBeforeAnythingIsSent() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let refused = try await Self.enroll(provisioner, url: provisioner.plainURL)
    #expect(refused.status == .exited(1))
    #expect(refused.output.contains("https"))
    #expect(provisioner.requests.isEmpty)
  }

  @Test func anAnswerWithoutACertificateIsRefusedOverTLS() async throws {
    let provisioner = try await PlayedProvisioner.make()
    provisioner.state.withLock { $0.change = { $0["certificateChain"] = nil } }
    let refused = try await Self.enroll(provisioner, ["--insecure"])
    #expect(refused.status == .exited(1))
    #expect(refused.output.contains("no certificate"))
    let run = try await DeviceProcess.command(["run", "--directory", Self.directory(provisioner)])
    #expect(run.status == .exited(78) && run.output.contains("not enrolled"))
  }

  @Test func aPlainIdentityRunsOnlyWhereThatWasAskedFor() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let enrolled = try await Self.enroll(provisioner, url: provisioner.plainURL, ["--insecure"])
    #expect(enrolled.status == .exited(0), "\(enrolled.output)")
    let run = try await DeviceProcess.command(["run", "--directory", Self.directory(provisioner)])
    #expect(run.status == .exited(78))
    #expect(run.output.contains("XTBLISH_INSECURE"))
    #expect(try await Self.show(provisioner).provisioned == false)
  }

  @Test func aRefusalIsToldWithItsReasonAndWhatToDo() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let advice = "another board has serial number s1: give this one its own"
    provisioner.state.withLock {
      $0.enrolmentRefusal = (409, ["title": "Conflict", "detail": advice, "reason": "serial-taken"])
    }
    let refused = try await Self.enroll(provisioner)
    #expect(refused.status == .exited(1))
    #expect(refused.output.contains("the Provisioner refused with 409: \(advice) (serial-taken)"), "\(refused.output)")

    // A server in between knows no reasons.
    provisioner.state.withLock { $0.enrolmentRefusal = (502, ["title": "Bad Gateway"]) }
    let failed = try await Self.enroll(provisioner)
    #expect(failed.status == .exited(69))
    #expect(failed.output.contains("the Provisioner refused with 502: Bad Gateway\n"), "\(failed.output)")
  }

  @Test func enrollingAnewKeepsTheKeyThatIsBurnt() async throws {
    let provisioner = try await PlayedProvisioner.make()
    #expect(try await Self.enroll(provisioner).status == .exited(0))
    let again = try await Self.enroll(provisioner)
    #expect(again.status == .exited(1) && again.output.contains("enrolled already"))
    let replaced = try await Self.enroll(provisioner, ["--replace"])
    #expect(replaced.status == .exited(0), "\(replaced.output)")
    let keys = provisioner.state.withLock { $0.keys }
    #expect(keys.count == 2 && keys[0] == keys[1])
  }

  @Test func anotherIdentityDoesNotFitIntoBurntFuses() async throws {
    let provisioner = try await PlayedProvisioner.make()
    #expect(try await Self.enroll(provisioner).status == .exited(0))
    // Its key is lost; a new one is made, which the fuses don't know: no claim is used up for it.
    let files = try IdentityFiles(directory: Self.directory(provisioner))
    try files.flash.remove(IdentityFiles.key)
    let refused = try await Self.enroll(provisioner, ["--replace"])
    #expect(refused.status == .exited(1))
    #expect(refused.output.contains("another public key"))
    #expect(provisioner.state.withLock { $0.keys.count } == 1)
    let run = try await DeviceProcess.command(["run", "--directory", Self.directory(provisioner)])
    #expect(run.status == .exited(78) && run.output.contains("key"), "\(run.output)")
  }

  @Test func aRegisteredKeyAndAMakersCertificateDoWithoutAClaim() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let key = try await DeviceProcess.command(["key", "--directory", Self.directory(provisioner)])
    #expect(key.status == .exited(0))
    let more = ["--registered", "--ca-file", provisioner.caFile]
    #expect(try await Self.enroll(provisioner, more).status == .exited(0))
    let contents = try await Self.show(provisioner)
    #expect(contents.publicKeyHash == key.output.trimmingCharacters(in: .whitespacesAndNewlines))
    let registered = try Self.enrolmentRequest(provisioner)
    #expect(registered["claim"] == nil && registered["serial"] as? String == "s1")

    let factory = provisioner.certificate
    let made = try await Self.enroll(
      provisioner,
      [
        "--replace", "--ca-file", provisioner.caFile, "--factory-certificate", factory.certificateFile, "--factory-key",
        factory.keyFile,
      ])
    #expect(made.status == .exited(0), "\(made.output)")
    let fields = try Self.enrolmentRequest(provisioner)
    let pem = try #require(fields["factoryCertificate"] as? String)
    let leaf = try #require(try X509Certificate.all(pem: Array(pem.utf8)).first)
    let request = try #require((fields["certificateRequest"] as? String).flatMap { Data(base64Encoded: $0) })
    let signature = try #require((fields["factorySignature"] as? String).flatMap { Data(base64Encoded: $0) })
    #expect(try leaf.isValid(signature: Array(signature), for: Array(request)))
  }

  /// The body of the last enrolment.
  private static func enrolmentRequest(_ provisioner: PlayedProvisioner) throws -> [String: Any] {
    let request = try #require(provisioner.requests.last { $0.path == "/v1/enroll" })
    return try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
  }

  @Test func aRecordThatDiffersIsTold() async throws {
    let provisioner = try await PlayedProvisioner.make()
    provisioner.state.withLock { $0.differences = ["directorKey"] }
    let enrolled = try await Self.enroll(provisioner)
    #expect(enrolled.status == .exited(0))
    #expect(enrolled.output.contains("warning: ") && enrolled.output.contains("directorKey"))
  }

  @Test func programmingAgainChangesNothingAndWhatIsLockedIsRefused() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let directory = Self.directory(provisioner)
    let early = try await DeviceProcess.command(["otp", "program", "--directory", directory])
    #expect(early.status == .exited(78) && early.output.contains("not enrolled"))
    #expect(try await Self.enroll(provisioner).status == .exited(0))
    let before = try await Self.show(provisioner)
    let again = try await DeviceProcess.command(["otp", "program", "--directory", directory])
    #expect(again.status == .exited(0), "\(again.output)")
    #expect(try await Self.show(provisioner) == before)
    let raised = try await DeviceProcess.command(["otp", "program", "--raise-epoch", "7", "--directory", directory])
    #expect(raised.status == .exited(0) && raised.output.contains("7 of 128"))

    // Somebody changes what is to be burnt.
    let files = try IdentityFiles(directory: directory)
    var program = try #require(try files.program())
    program.publisherSignatureRequired = false
    try files.save(program)
    let refused = try await DeviceProcess.command(["otp", "program", "--directory", directory])
    #expect(refused.status == .exited(1))
    #expect(refused.output.contains("publisher's signature"))
    #expect(try await Self.show(provisioner).publisherSignatureRequired)
  }

  /// Fuses of a board, in the place of the files.
  @Test func theFusesOfABoardAreUsedWhereTheyAreNamed() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let nvmem = provisioner.folder.path("nvmem")
    try Data(count: 32 + OTPLayout.byteCount).write(to: URL(fileURLWithPath: nvmem))
    let environment = [
      "XTBLISH_DEVICE_DIRECTORY": Self.directory(provisioner), "XTBLISH_CLAIM": try provisioner.claim(),
      "XTBLISH_DEVICE_OTP_NVMEM_FILE": nvmem, "XTBLISH_DEVICE_OTP_NVMEM_OFFSET_BYTES": "32",
    ]
    let enrolled = try await DeviceProcess.command(
      ["enroll", "--serial", "s1", "--provisioner", provisioner.url], environment: environment)
    #expect(enrolled.status == .exited(0), "\(enrolled.output)")
    let contents = OTPContents(try NVMEMOTPBank(path: nvmem, offset: 32).read())
    #expect(contents.provisioned && contents.deviceID == provisioner.device)
    #expect(try await Self.show(provisioner).provisioned == false)
  }
}
