import CertificateAuthority
import Glibc
import ImageStoreServer
import Messaging
import NotifierServer
import PostgreSQL
import ProvisionerServer
import RegistryServer
import ServiceHosting
import ServiceKit
import Synchronization
import TestPeers
import TestSupport
import Testing
import Wire

/// The services of one installation, wired as their commands do it, over a real database, broker and bus.
final class Installation: Sendable {
  enum Part: CaseIterable {
    case registry, notifier, provisioner, imageStore
  }

  let broker: MosquittoServer
  let database: PostgresPool
  private let databaseURL: String
  private let images: TemporaryFolder
  /// Of the Provisioner's certificate authority.
  private let authority: TemporaryFolder
  /// Where each answers on the bus, also after it was stopped and started.
  private let busPorts: [Part: FreePort]
  private let imagePort: FreePort
  private let state = Mutex(State())

  private struct State {
    var running: [Part: RunningService] = [:]
    var devices: [PlayedDevice] = []
  }

  fileprivate init() async throws {
    broker = try await MosquittoServer()
    databaseURL = try await PostgresServer.shared().createDatabase()
    database = try PostgresPool(url: databaseURL, maximumConnections: 2, logger: quietLogger)
    images = try TemporaryFolder("xtblish-images")
    authority = try TemporaryFolder("xtblish-authority")
    _ = try AuthorityDirectory(authority.path("ca")).initialise(AuthorityDirectory.Options())
    busPorts = try Dictionary(uniqueKeysWithValues: Part.allCases.map { ($0, try FreePort()) })
    imagePort = try FreePort()
  }

  /// The base URL of the image store.
  var imageStoreURL: String { "http://127.0.0.1:\(imagePort.number)" }

  /// Starts a service, and returns when it is ready: those that it needs must run.
  func start(_ part: Part) async throws {
    let environment = environment(of: part)
    let service = RunningService { try await Self.serve(part, environment) }
    state.withLock { $0.running[part] = service }
    try await withRPCClient(endpoints: [endpoint(of: part)], logger: quietLogger) { client in
      try await eventually("a ready \(part)") {
        (try? await client.call(WireGetStatus(), deadline: .seconds(5)))?.ready ?? false
      }
    }
  }

  /// Stops a service as SIGTERM would.
  func stop(_ part: Part) async throws {
    try await state.withLock { $0.running.removeValue(forKey: part) }?.stop()
  }

  func call<R: WireRequest>(_ part: Part, _ request: R) async throws -> R.Response {
    try await withClient(of: part) { try await $0.call(request, deadline: .seconds(10)) }
  }

  func withClient<T: Sendable>(of part: Part, _ body: (RPCClient) async throws -> T) async throws -> T {
    try await withRPCClient(endpoints: [endpoint(of: part)], logger: quietLogger, body)
  }

  /// Keeps a played device to the end of the test.
  func keep(_ device: PlayedDevice) {
    state.withLock { $0.devices.append(device) }
  }

  /// While it lasts the broker is connected to, but takes and acknowledges nothing.
  func withSuspendedBroker(_ body: () async throws -> Void) async throws {
    let broker = try #require(broker.processIdentifier)
    kill(broker, SIGSTOP)
    defer { kill(broker, SIGCONT) }
    try await body()
  }

  fileprivate func end() async {
    let devices = state.withLock { $0.devices }
    for device in devices { await device.disconnect() }
    // Those that ask end before those that answer.
    for part in Part.allCases.reversed() {
      do {
        try await stop(part)
      } catch {
        Issue.record("the \(part) failed: \(error)")
      }
    }
    await database.close()
  }

  private func endpoint(of part: Part) -> String {
    // Made for all parts by the initialiser.
    "tcp://127.0.0.1:\(busPorts[part]!.number)"
  }

  private func environment(of part: Part) -> [String: String] {
    var environment = [
      "XTBLISH_REGISTRY_ENDPOINTS": endpoint(of: .registry), "XTBLISH_NOTIFIER_ENDPOINTS": endpoint(of: .notifier),
      "XTBLISH_IMAGE_STORE_URLS": imageStoreURL, "XTBLISH_INSECURE": "true",
    ]
    switch part {
    case .registry:
      environment["XTBLISH_DATABASE_URL"] = databaseURL
      environment["XTBLISH_REGISTRY_HTTP_LISTEN"] = "127.0.0.1:0"
      environment["XTBLISH_REGISTRY_RPC_LISTEN"] = endpoint(of: part)
      environment["XTBLISH_REGISTRY_OPERATIONS_LISTEN"] = "127.0.0.1:0"
      // A report makes a notification be repeated however young it is, and a failed one is soon tried again.
      environment["XTBLISH_REGISTRY_RENOTIFY_SECONDS"] = "0"
      environment["XTBLISH_REGISTRY_OUTBOX_RETRY_SECONDS"] = "200ms"
    case .notifier:
      environment["XTBLISH_NOTIFIER_RPC_LISTEN"] = endpoint(of: part)
      environment["XTBLISH_NOTIFIER_OPERATIONS_LISTEN"] = "127.0.0.1:0"
      environment["XTBLISH_NOTIFIER_ACKNOWLEDGEMENT_SECONDS"] = "500ms"
      environment["XTBLISH_MQTT_HOST"] = broker.host
      environment["XTBLISH_MQTT_PORT"] = "\(broker.port)"
    case .provisioner:
      environment["XTBLISH_DATABASE_URL"] = databaseURL
      environment["XTBLISH_PROVISIONER_HTTP_LISTEN"] = "127.0.0.1:0"
      environment["XTBLISH_PROVISIONER_RPC_LISTEN"] = endpoint(of: part)
      environment["XTBLISH_PROVISIONER_OPERATIONS_LISTEN"] = "127.0.0.1:0"
      environment["XTBLISH_PROVISIONER_AUTHORITY_DIRECTORY"] = authority.path("ca")
      environment["XTBLISH_MQTT_HOST"] = broker.host
      environment["XTBLISH_MQTT_PORT"] = "\(broker.port)"
    case .imageStore:
      environment["XTBLISH_IMAGE_STORE_HTTP_LISTEN"] = "127.0.0.1:\(imagePort.number)"
      environment["XTBLISH_IMAGE_STORE_RPC_LISTEN"] = endpoint(of: part)
      environment["XTBLISH_IMAGE_STORE_OPERATIONS_LISTEN"] = "127.0.0.1:0"
      environment["XTBLISH_IMAGE_STORE_DIRECTORY"] = images.path
    }
    return environment
  }

  /// What the command `serve` of each does.
  private static func serve(_ part: Part, _ environment: [String: String]) async throws {
    switch part {
    case .registry: try await RegistryService.run(prepare(RegistrySettings.self, environment))
    case .provisioner: try await ProvisionerService.run(prepare(ProvisionerSettings.self, environment))
    case .notifier: try await Notifier.run(prepare(NotifierSettings.self, environment))
    case .imageStore: try await ImageStore.run(prepare(ImageStoreSettings.self, environment))
    }
  }

  private static func prepare<Settings: ServiceSettings>(
    _: Settings.Type, _ environment: [String: String]
  ) throws -> PreparedProcess<Settings> {
    let loaded = try Settings.load(environment: environment)
    return PreparedProcess(
      settings: loaded.settings, process: loaded.process, bus: .insecure, metrics: MetricsRegistry(),
      logger: quietLogger)
  }
}

/// Runs `body` with the services started in their order, and ends all that then run.
func withInstallation(
  _ parts: Installation.Part..., body: (Installation) async throws -> Void
) async throws {
  let installation = try await Installation()
  do {
    for part in parts { try await installation.start(part) }
    try await body(installation)
  } catch {
    await installation.end()
    throw error
  }
  await installation.end()
}
