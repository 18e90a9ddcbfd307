import DeviceProtocol
import Foundation
import Foundations
import Mosquitto
import OpenSSL
import Synchronization
import TestSupport

/// The device's real program, enrolled, with a real broker and an image store that both ask for its certificate.
final class SecureDevice: Sendable {
  let folder: TemporaryFolder
  let provisioner: PlayedProvisioner
  let broker: MosquittoServer
  let store: TLSProxy
  private let client: MQTTClient
  private let images: ScriptedHTTPServer
  private let reports = Mutex<[StateMessage]>([])
  private let reader: Mutex<Task<Void, Never>?> = Mutex(nil)
  private let offered: Offered

  private final class Offered: Sendable {
    let images = Mutex<[String: [UInt8]]>([:])
  }

  init() async throws {
    folder = try TemporaryFolder("xtblish-secure")
    let pki = try TestPKI()
    let (service, caFile) = (try pki.service("broker", in: folder), try pki.caFile(in: folder))
    broker = try await MosquittoServer(
      configuration: """
        certfile \(service.certificateFile)
        keyfile \(service.keyFile)
        cafile \(caFile)
        require_certificate true
        use_identity_as_username true
        """)
    let offered = Offered()
    self.offered = offered
    images = try ScriptedHTTPServer { request, connection in
      guard let image = offered.images.withLock({ $0[request.path] }) else { return connection.respond(404) }
      AgentHarness.serve(image, request, connection)
    }
    store = try await TLSProxy(
      port: images.port, certificateFile: service.certificateFile, keyFile: service.keyFile, caFile: caFile)
    provisioner = try await PlayedProvisioner(
      imageStoreURLs: [store.url], mqttPort: broker.port, folder: folder, pki: pki)
    var options = MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "test-notifier")
    options.tls = MQTTTLS(caFile: caFile, certificateFile: service.certificateFile, keyFile: service.keyFile)
    client = try MQTTClient(options: options)
    try client.start()
    try await client.subscribe(to: "/devices/+/state")
    let task = Task { [weak self, client] in
      for await message in client.messages {
        guard let self else { return }
        if let report = try? JSONDecoder().decode(StateMessage.self, from: Data(message.payload)), report.isTaken {
          reports.withLock { $0.append(report) }
          let answer = AcknowledgementMessage(reports: .init(sequences: [report.sequence]))
          _ = try? await client.publish(topic: "/devices/\(provisioner.device)/ack", payload: answer.payload)
        }
      }
    }
    reader.withLock { $0 = task }
  }

  deinit { reader.withLock { $0?.cancel() } }

  var device: DeviceID { provisioner.device }
  var signers: TestSigners { provisioner.signers }
  var directory: String { folder.path("device") }

  func enroll() async throws {
    let enrolled = try await DeviceProcess.command(
      ["enroll", "--serial", "s1", "--provisioner", provisioner.url],
      environment: ["XTBLISH_DEVICE_DIRECTORY": directory, "XTBLISH_CLAIM": try provisioner.claim()])
    guard enrolled.status == .exited(0) else { throw TestFailure("not enrolled: \(enrolled.output)") }
  }

  func start() throws -> ChildProcess {
    try ChildProcess(
      try product("xtblish-device"), ["run"],
      environment: [
        "XTBLISH_DEVICE_DIRECTORY": directory, "XTBLISH_DEVICE_HEARTBEAT_SECONDS": "1", "XTBLISH_LOG_LEVEL": "debug",
        "XTBLISH_DEVICE_TRIAL_SECONDS": "1",
      ], inheritsEnvironment: false)
  }

  /// An app that waits for events, signed by both unless a test wants otherwise.
  func image(
    _ version: UInt64, epoch: UInt32 = 0, director: Ed25519.PrivateKey? = nil, publisher: Ed25519.PrivateKey? = nil
  ) async throws -> TestImage {
    let wasm = try await assemble(
      """
      (module
        (memory (export "memory") 1)
        (data (i32.const 0) "version \(version) of the app")
        (func (export "xtb_init") (result i32) (i32.const 0))
        (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))
      """)
    return try TestImage(device: device, version: version, wasm: wasm, securityEpoch: epoch)
      .signed(director: director ?? signers.director, publisher: publisher ?? signers.publisher)
  }

  /// Offers and announces it.
  ///
  /// - Parameter url: nil: the image store's.
  func push(_ image: TestImage, url: String? = nil) async throws {
    let path = "/firmware/\(device)/\(image.version)"
    offered.images.withLock { $0[path] = image.bytes }
    try await announce(image, url: url)
  }

  /// Says that it is there, whether it is or not.
  func announce(_ image: TestImage, url: String? = nil, size: UInt64? = nil, retain: Bool = true) async throws {
    let path = "/firmware/\(device)/\(image.version)"
    try await client.publish(
      topic: path, payload: Array(image.notification(url: url ?? store.url + path, size: size).utf8), retain: retain)
  }

  /// What the image store answers from now on.
  func answer(_ handler: @escaping ScriptedHTTPServer.Handler) { images.handle(handler) }

  func answerAsItShould() {
    let offered = offered
    images.handle { request, connection in
      guard let image = offered.images.withLock({ $0[request.path] }) else { return connection.respond(404) }
      AgentHarness.serve(image, request, connection)
    }
  }

  var allReports: [StateMessage] { reports.withLock { $0 } }

  /// What `slots --json` says.
  func slots() async throws -> String {
    let shown = try await DeviceProcess.command(["slots", "--json", "--directory", directory])
    guard shown.status == .exited(0) else { throw TestFailure("no slots: \(shown.output)") }
    return shown.output
  }

  @discardableResult
  func waitForReport(
    within limit: Duration = patience, _ matches: (StateMessage) -> Bool
  ) async throws -> StateMessage {
    try await eventuallySome(within: limit, "a report; there are \(reports.withLock { $0.suffix(4) })") {
      reports.withLock { $0.first(where: matches) }
    }
  }

  func deploy(_ version: UInt64, epoch: UInt32 = 0, director: Ed25519.PrivateKey? = nil) async throws {
    try await push(image(version, epoch: epoch, director: director))
    try await waitForReport { $0.version == version && $0.status == "confirmed" }
  }

  func waitForRefusal(of version: UInt64) async throws -> String {
    try await waitForReport { $0.status == "refused" && $0.failed?.version == version }.reason ?? ""
  }
}
