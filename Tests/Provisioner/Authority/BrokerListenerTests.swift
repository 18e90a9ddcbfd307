import Foundation
import Foundations
import OpenSSL
import TestSupport
import Testing

@testable import CertificateAuthority

/// The broker as it is shipped: who may be whom on its three listeners.
@Suite(.seated, .timeLimit(.minutes(10))) struct BrokerListenerTests {
  /// mosquitto with deploy/mosquitto/mosquitto.conf, in which only paths and ports are others.
  private struct Stand {
    let fixture: AuthorityFixture
    let broker: MosquittoServer
    let ports: [FreePort]
    let device = DeviceID.random()
    private static let password = "S2Vlcml2ZXJzLiBObyBvbmUgZWxzZSBrbm93cyBpdC4"
    private static let package = URL(filePath: #filePath).pathComponents.dropLast(4).joined(separator: "/").dropFirst()

    var devices: Int { ports[0].number }
    var services: Int { ports[1].number }
    var notifiers: Int { ports[2].number }

    init() async throws {
      fixture = try AuthorityFixture()
      ports = try [FreePort(), FreePort(), FreePort()]
      let authority = try fixture.directory.load()
      let servicesSigner = try fixture.directory.loadServicesSigner()
      try RevocationDirectory(fixture.folder.path("devices")).begin(
        roots: authority.roots, issuers: [authority.issuers[0]])
      try RevocationDirectory(fixture.folder.path("services")).begin(
        roots: authority.roots, issuers: [servicesSigner])
      let out = fixture.folder.path("out")
      let host = try #require(CertificateHost(ip: "127.0.0.1"))
      let leaves = LeafFiles(signer: servicesSigner, folder: out)
      for (name, role) in [
        ("broker", CertificateOwner.ServiceRole.broker), ("notifier", .notifier), ("registry", .registry),
        ("provisioner", .provisioner), ("image-store", .imageStore),
      ] {
        _ = try leaves.make(
          name, for: .service(name: name, role: role, hosts: [host]), lifetime: .seconds(3_600))
      }
      _ = try leaves.make("stack", for: .operator("stack"), lifetime: .seconds(3_600))
      _ = try LeafFiles(signer: authority.issuers[0], folder: out).make(
        "device", for: .device(device), lifetime: .seconds(3_600))
      let salt = Array("a salt of 12".utf8)
      let hash = Data(try Self.sha512(Array(Self.password.utf8) + salt)).base64EncodedString()
      try Data("notifier:$6$\(Data(salt).base64EncodedString())$\(hash)\n".utf8).write(
        to: URL(filePath: fixture.folder.path("passwords")))

      let folder = "/\(Self.package)/deploy/mosquitto"
      var shipped = try String(contentsOfFile: "\(folder)/mosquitto.conf", encoding: .utf8)
      for (from, to) in [
        ("listener 8883", "listener \(ports[0].number) 127.0.0.1"),
        ("listener 8884", "listener \(ports[1].number) 127.0.0.1"),
        ("listener 8885", "listener \(ports[2].number) 127.0.0.1"),
        ("/mosquitto/keys/ca.pem", fixture.folder.path("devices/ca.pem")),
        ("/mosquitto/passwords", fixture.folder.path("passwords")), ("/mosquitto/keys", out),
        ("/mosquitto/revocations", fixture.folder.path), ("/mosquitto/config", folder),
      ] {
        #expect(shipped.contains(from), "the shipped configuration has no \(from) any more")
        shipped = shipped.replacing(from, with: to)
      }
      // What MosquittoServer says of these itself.
      let own = ["per_listener_settings", "persistence", "autosave_interval", "log_", "max_queued_messages"]
      let lines = shipped.split(separator: "\n").filter { line in !own.contains { line.hasPrefix($0) } }
      broker = try await MosquittoServer(
        prologue: "per_listener_settings true", configuration: lines.joined(separator: "\n"))
      let last = ports[2].number
      try await eventually("the broker's last listener") { (try? RawTCPClient(port: last)) != nil }
    }

    private static func sha512(_ bytes: [UInt8]) throws -> [UInt8] {
      let process = Process()
      let (input, output) = (Pipe(), Pipe())
      process.executableURL = URL(filePath: "/usr/bin/sha512sum")
      (process.standardInput, process.standardOutput) = (input, output)
      try process.run()
      input.fileHandleForWriting.write(Data(bytes))
      try input.fileHandleForWriting.close()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return try #require(Hexadecimal.decode(String(text.prefix(128))))
    }

    private func arguments(_ name: String, _ port: Int) -> [String] {
      [
        "-h", "127.0.0.1", "-p", "\(port)", "-V", "mqttv5", "--cafile", fixture.folder.path("devices/ca.pem"),
        "--cert", fixture.folder.path("out/\(name).pem"), "--key", fixture.folder.path("out/\(name).key"),
      ]
    }

    enum Proof { case none, wrong, right }

    /// Whether the broker let it connect.
    func connects(
      _ name: String, _ port: Int, as clientID: String, _ proof: Proof = .none, topic: String = "/x"
    ) async -> Bool {
      var more = ["-i", clientID, "-q", "1", "-t", topic, "-m", "hello"]
      if proof != .none { more += ["-u", "notifier", "-P", proof == .right ? Self.password : "guessed"] }
      let before = broker.log.count
      _ = try? await runProgram("mosquitto_pub", arguments(name, port) + more)
      return broker.log.dropFirst(before).contains("New client connected")
    }

    /// The device's own session, which tells when it ends.
    func deviceSession() async throws -> ChildProcess {
      let child = try ChildProcess(
        "mosquitto_sub", arguments("device", devices) + ["-q", "1", "-t", "/firmware/\(device)/#"])
      try await eventually("the device's subscription") { broker.log.contains("Sending SUBACK to \(device)") }
      return child
    }

    var isTakenOver: Bool { broker.log.contains("Client \(device) already connected") }
  }

  @Test func noServicesCertificateCutsADeviceOff() async throws {
    let stand = try await Stand()
    let session = try await stand.deviceSession()
    for name in ["registry", "provisioner", "image-store", "notifier", "broker", "stack"] {
      // Let in, as whom its certificate names.
      #expect(await stand.connects(name, stand.services, as: "\(stand.device)"), "\(name)")
      #expect(await !stand.connects(name, stand.notifiers, as: "\(stand.device)"), "\(name)")
      #expect(await !stand.connects(name, stand.notifiers, as: "\(stand.device)", .wrong), "\(name)")
      #expect(await !stand.connects(name, stand.devices, as: "\(stand.device)", .right), "\(name)")
    }
    // Nor a device that has heard the password.
    #expect(await !stand.connects("device", stand.notifiers, as: "x", .right))
    #expect(!stand.isTakenOver)
    #expect(session.isRunning)
  }

  /// As a revoked device's session is ended: the Notifier has the password, and takes the device's client ID.
  @Test func theNotifierEndsASession() async throws {
    let stand = try await Stand()
    let session = try await stand.deviceSession()
    #expect(await stand.connects("notifier", stand.notifiers, as: "\(stand.device)", .right))
    try await eventually("the device's session is taken over") { stand.isTakenOver }
    // A process that nobody holds is ended.
    withExtendedLifetime(session) {}
  }

  @Test func whatTheNotifierMayWriteOthersMayNot() async throws {
    let stand = try await Stand()
    let session = try await stand.deviceSession()
    let topic = "/firmware/\(stand.device)/7"
    for name in ["registry", "provisioner", "image-store", "broker", "stack"] {
      _ = await stand.connects(name, stand.services, as: "x", topic: topic)
    }
    #expect(await stand.connects("notifier", stand.notifiers, as: "x", .right, topic: topic))
    try await eventually("the Notifier's message at the device") { session.output.contains("hello") }
    #expect(session.output.split(separator: "\n").filter { $0 == "hello" }.count == 1)
    session.kill(SIGTERM)
  }
}
