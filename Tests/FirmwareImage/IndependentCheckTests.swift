import FirmwareImage
import Foundation
import Foundations
import OpenSSL
import RootDocument
import TestSupport
import Testing

/// The format and the signatures against Tests/EndToEnd/check_signed_image.py, which shares no code with this.
@Suite(.seated) struct IndependentCheckTests {
  private let folder: TemporaryFolder
  private let device = DeviceID.random()

  init() throws { folder = try TemporaryFolder("independent-check") }

  private func python(_ arguments: String...) async throws -> (status: ProcessEnding, output: String) {
    let child = try ChildProcess(
      PythonEnvironment.interpreter(), ["\(packageDirectory())/Tests/EndToEnd/check_signed_image.py"] + arguments)
    return (try await child.waitForExit(), child.output)
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: folder.path(name))))
  }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    try Data(bytes).write(to: URL(filePath: folder.path(name)))
  }

  @Test func whatPythonMakesIsTakenHere() async throws {
    for name in ["root.key", "other.key", "director.key", "publisher.key"] {
      #expect(try await python("keygen", "--out", folder.path(name)).status == .exited(0))
    }
    let made = try await python(
      "make-root", "--root-key", folder.path("root.key"), "--root-key", folder.path("other.key"), "--threshold", "2",
      "--director", folder.path("director.key.pub"), "--publisher", "\(folder.path("publisher.key.pub"))=pumpe-é,valve",
      "--out", folder.path("1.json"))
    #expect(made.status == .exited(0), "\(made.output)")
    let next = try await python(
      "make-root", "--version", "2", "--root-key", folder.path("other.key"), "--also-sign", folder.path("root.key"),
      "--director", folder.path("director.key.pub"), "--publisher", "\(folder.path("publisher.key.pub"))=pumpe-é,valve",
      "--out", folder.path("2.json"))
    #expect(next.status == .exited(0), "\(next.output)")
    var chain = try RootDocumentChain(pinnedTo: SHA256Digest.of(bytes("1.json")), first: bytes("1.json"))
    try chain.append(bytes("2.json"))

    try write(try sampleModule(), "app.wasm")
    let image = try await python(
      "make-image", "--wasm", folder.path("app.wasm"), "--device", "\(device)", "--version", "7", "--name", "pumpe-é",
      "--app-version", "1.0", "--epoch", "3", "--host-api-level", "1", "--director", folder.path("director.key"),
      "--publisher", folder.path("publisher.key"), "--out", folder.path("image"))
    #expect(image.status == .exited(0), "\(image.output)")
    let trust = ImageTrust(
      root: try chain.document(at: .now), isPublisherRequired: true, lowestVersion: 7, lowestSecurityEpoch: 3,
      highestHostAPILevel: 1)
    let verified = try VerifiedImage.verifying(file: folder.path("image"), for: device, trust: trust)
    #expect(verified.configuration.manifest?.app.name.text == "pumpe-é")
    // And its keys are files that are read here.
    #expect(
      try TrustedKey(SigningKeyFile.readPrivate(folder.path("director.key")).publicKey())
        == SigningKeyFile.readPublic(folder.path("director.key.pub")))
  }

  @Test func whatIsMadeHereIsTakenByPython() async throws {
    let parties = try SigningParties()
    let first = try parties.signed(parties.root(apps: .named([AppLabel("sensor"), AppLabel("a\"b\\é🚀")])))
    let second = try parties.signed(parties.root(version: 2, threshold: 1, apps: .named([AppLabel("sensor")])))
    try write(first.encoded, "1.json")
    try write(second.encoded, "2.json")
    let image = try parties.image(device: device, publisher: parties.publisher, director: parties.director)
    try write(image, "image")
    func verify(_ pin: String, _ name: String = "image", _ more: String...) async throws -> String {
      let arguments = [
        "verify-image", "--image", folder.path(name), "--device", "\(device)", "--pin", pin, "--root",
        folder.path("1.json"), "--root", folder.path("2.json"),
      ]
      let child = try ChildProcess(
        PythonEnvironment.interpreter(),
        ["\(packageDirectory())/Tests/EndToEnd/check_signed_image.py"] + arguments + more)
      _ = try await child.waitForExit()
      return child.output
    }
    let pin = try first.pin().hex
    let taken = try await verify(pin)
    #expect(taken.contains("\"name\": \"sensor\"") && taken.contains("\"version\": 5"), "\(taken)")
    #expect(taken.contains("\"digest\": \"\(GoldenImage.wasmDigest.hex)\""))
    #expect(try await verify(second.pin().hex).contains("\"refused\": \"pin\""))
    #expect(try await verify(pin, "image", "--lowest-epoch", "3").contains("\"refused\": \"epoch\""))
    let valve = try parties.image(
      device: device, name: "valve", publisher: parties.publisher, director: parties.director)
    try write(valve, "valve")
    #expect(try await verify(pin, "valve").contains("\"refused\": \"delegation\""))
    let stranger = try parties.image(device: device, publisher: parties.publisher, director: Ed25519.PrivateKey())
    try write(stranger, "stranger")
    #expect(try await verify(pin, "stranger").contains("\"refused\": \"director key\""))
  }
}
