import Curl
import DeviceProtocol
import Foundation
import Foundations
import Logging
import Mosquitto
import Synchronization
import TestSupport

@testable import Agent
@testable import DeviceCredentials
@testable import DeviceImages
@testable import DeviceStorage

/// A real broker and a real HTTP server around one agent, in the places of the Notifier and the image store.
/// `ServersOfDevices` says what it has in common with the real ones once it tracks positions.
final class AgentHarness: Sendable {
  let device = DeviceID.random()
  let broker: MosquittoServer
  let store: ScriptedHTTPServer
  let folder: TemporaryFolder
  let launcher = FakeAppLauncher()
  /// Acknowledges reports as the Notifier does.
  let acknowledges = Mutex(true)
  /// Whether it looks at the positions of reports, as the Registry does; otherwise it takes every report.
  let tracksPositions = Mutex(false)
  /// What the Registry holds; nil: nothing yet.
  let held = Mutex<StateMessage.Position?>(nil)
  /// Every report is answered as if another were held, and each time a different one.
  let alwaysHoldsAnother = Mutex(false)
  private let client: MQTTClient
  private let images: ImageTable
  private struct Received {
    var reports: [StateMessage] = []
    var presence: [String] = []
    var app: [MQTTMessage] = []
  }

  private let received = Mutex(Received())
  private let reader: Mutex<Task<Void, Never>?> = Mutex(nil)

  /// - Parameter configuration: more lines for the broker's.
  init(broker configuration: String = "") async throws {
    let images = ImageTable()
    broker = try await MosquittoServer(configuration: configuration)
    store = try ScriptedHTTPServer { request, connection in
      guard let image = images.table.withLock({ $0[request.path] }) else { return connection.respond(404) }
      Self.serve(image, request, connection)
    }
    self.images = images
    folder = try TemporaryFolder("xtblish-agent")
    var options = MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "test-notifier")
    // What comes while the broker starts again is for this client too.
    options.cleanStart = false
    options.sessionExpirySeconds = 3600
    client = try MQTTClient(options: options)
    try client.start()
    try await client.subscribe(to: "/devices/+/state")
    try await client.subscribe(to: "/devices/+/presence")
    try await client.subscribe(to: "/apps/#")
    let task = Task { [weak self, client] in
      for await message in client.messages {
        guard let self else { return }
        await self.take(message, client)
      }
    }
    reader.withLock { $0 = task }
  }

  private final class ImageTable: Sendable {
    let table = Mutex<[String: [UInt8]]>([:])
  }

  deinit { reader.withLock { $0?.cancel() } }

  var identity: DeviceIdentity {
    DeviceIdentity(
      device: device, name: "test-1", serial: "s", mqttHost: broker.host, mqttPort: UInt16(broker.port),
      imageStoreURLs: [store.url], provisionerURL: "http://127.0.0.1:1", isPlain: true)
  }

  static func configuration() -> AgentConfiguration {
    AgentConfiguration(
      heartbeat: .seconds(60), reportRepeatInterval: .milliseconds(300), trial: .seconds(60), stopGrace: .seconds(1),
      download: ImageDownload.Policy(
        timeouts: HTTPClient.Timeouts(connect: .seconds(2), lowSpeed: .seconds(1), lowSpeedBytesPerSecond: 10),
        firstPause: .milliseconds(20), longestPause: .milliseconds(200), firstWrongPause: .milliseconds(50),
        longestWrongPause: .milliseconds(200)),
      firstRelaunchPause: .milliseconds(20), longestRelaunchPause: .milliseconds(200))
  }

  func makeAgent(
    _ configuration: AgentConfiguration, flash: (any Flash)? = nil, brokerPort: Int? = nil
  ) throws -> DeviceAgent {
    var identity = identity
    if let brokerPort { identity.mqttPort = UInt16(brokerPort) }
    return try DeviceAgent(
      identity: identity, security: .insecure, configuration: configuration,
      flash: try flash ?? DirectoryFlash(directory: folder.path("flash")), launcher: launcher, http: HTTPClient(),
      logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Runs an agent while `body` does.
  @discardableResult
  func withAgent<T: Sendable>(
    _ configuration: AgentConfiguration = AgentHarness.configuration(), awaitsReport: Bool = true,
    flash: (any Flash)? = nil, brokerPort: Int? = nil,
    _ body: (DeviceAgent) async throws -> T
  ) async throws -> T {
    let agent = try makeAgent(configuration, flash: flash, brokerPort: brokerPort)
    let last = reports.map(\.sequence).max() ?? 0
    let running = Task { try await agent.run() }
    let outcome: Result<T, any Error>
    do {
      // Until it says where it is, nobody knows that it listens.
      if awaitsReport { try await waitForReport(after: last) { _ in true } }
      outcome = .success(try await body(agent))
    } catch { outcome = .failure(error) }
    running.cancel()
    try await running.value
    return try outcome.get()
  }

  /// The broker keeps a session of the device in which nothing is subscribed to. No agent may run.
  func forgetSubscriptions() async throws {
    var options = MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "\(device)")
    options.sessionExpirySeconds = 3600
    let client = try MQTTClient(options: options)
    try client.start()
    try await client.waitUntilConnected(timeout: patience)
    await client.close()
  }

  // MARK: The server's side

  func path(_ version: UInt64) -> String { "/firmware/\(device)/\(version)" }

  @discardableResult
  func offer(_ version: UInt64, size: Int = 1000) throws -> TestImage {
    let image = try TestImage(device: device, version: version, size: size)
    offer(image.bytes, as: version)
    return image
  }

  func offer(_ bytes: [UInt8], as version: UInt64) { images.table.withLock { $0[path(version)] = bytes } }

  func notify(_ image: TestImage, size: UInt64? = nil) async throws {
    try await send(image.notification(url: store.url + path(image.version), size: size), version: "\(image.version)")
  }

  func send(_ payload: String, version: String) async throws {
    try await send(payload, to: "/firmware/\(device)/\(version)")
  }

  func send(_ payload: String, to topic: String) async throws {
    try await client.publish(topic: topic, payload: Array(payload.utf8))
  }

  /// Offers, notifies, and waits for the confirmation.
  func deploy(_ version: UInt64) async throws {
    let image = try offer(version)
    try await notify(image)
    try await waitForReport { $0.version == version && $0.status == "confirmed" }
  }

  var reports: [StateMessage] { received.withLock { $0.reports } }
  var presence: [String] { received.withLock { $0.presence } }
  var appMessages: [MQTTMessage] { received.withLock { $0.app } }

  @discardableResult
  func waitForReport(after sequence: UInt64 = 0, _ matches: (StateMessage) -> Bool) async throws -> StateMessage {
    try await eventuallySome("a report; there are \(reports.suffix(4))") {
      reports.first { $0.sequence > sequence && matches($0) }
    }
  }

  private func take(_ message: MQTTMessage, _ client: MQTTClient) async {
    if message.topic.hasPrefix("/apps/") {
      received.withLock { $0.app.append(message) }
    } else if message.topic.hasSuffix("/presence") {
      received.withLock { $0.presence.append(String(decoding: message.payload, as: UTF8.self)) }
    } else if let report = try? JSONDecoder().decode(StateMessage.self, from: Data(message.payload)), report.isTaken {
      received.withLock { $0.reports.append(report) }
      if acknowledges.withLock({ $0 }) {
        let answer = AcknowledgementMessage(
          reports: .init(sequences: [report.sequence], held: positionHeld(insteadOf: report)))
        _ = try? await client.publish(topic: "/devices/\(device)/ack", payload: answer.payload)
      }
    }
  }

  /// What the Registry would hold instead of the report; nil: it takes it, as it takes what follows what it holds.
  private func positionHeld(insteadOf report: StateMessage) -> StateMessage.Position? {
    if alwaysHoldsAnother.withLock({ $0 }) {
      return StateMessage.Position(
        epoch: RandomName.text(RandomName.make()), sequence: UInt64.random(in: 1...UInt64(Int64.max)))
    }
    return held.withLock { held in
      let position = StateMessage.Position(epoch: report.epoch ?? "", sequence: report.sequence)
      guard let known = held else {
        if tracksPositions.withLock({ $0 }) { held = position }
        return nil
      }
      guard
        position == known || report.supersedes == known
          || position.epoch == known.epoch && position.sequence > known.sequence
      else { return known }
      held = position
      return nil
    }
  }

  static func entityTag(of image: [UInt8]) -> String {
    "\"\(image.count)-\(image.prefix(8).map { String($0) }.joined())\""
  }

  /// As RFC 9110 says, with a strong entity tag.
  static func serve(
    _ image: [UInt8], _ request: ScriptedHTTPServer.Request, _ connection: ScriptedHTTPServer.Connection
  ) {
    let tag = entityTag(of: image)
    if let range = request.headers["range"], request.headers["if-range"] == tag,
      let first = Int(range.dropFirst("bytes=".count).dropLast()), first < image.count
    {
      connection.respond(
        206, headers: ["ETag: \(tag)", "Content-Range: bytes \(first)-\(image.count - 1)/\(image.count)"],
        body: Array(image[first...]))
    } else {
      connection.respond(200, headers: ["ETag: \(tag)"], body: image)
    }
  }
}
