import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import Foundations
import Logging
import PostgreSQL
import TestSupport
import Wire

@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

/// A database of its own for one test, with the Registry's schema.
struct Fixture {
  let url: String
  let pool: PostgresPool
  let store: RegistryStore

  /// - Parameter poolOptions: of the real service; otherwise of a patient one, for a machine that runs many tests.
  static func make(
    on server: PostgresServer? = nil, options: RegistryStore.Options = RegistryStore.Options(),
    poolOptions: PostgresPoolOptions? = nil, signing: AssignmentSigning = .none
  ) async throws -> Fixture {
    var options = options
    if poolOptions == nil { options.deadline = .seconds(60) }
    let url =
      if let server { try await server.createDatabase() } else { try await PostgresServer.shared().createDatabase() }
    let pool = try PostgresPool(url: url, options: poolOptions ?? patientPool, logger: .quiet)
    try await RegistrySchema.migrator().migrate(pool)
    return Fixture(url: url, pool: pool, store: RegistryStore(pool: pool, options: options, signing: signing))
  }

  private static var patientPool: PostgresPoolOptions {
    var options = PostgresPoolOptions.standard
    options.acquireTimeout = .seconds(60)
    return options
  }

  /// A second replica: its own connections and wake-ups, the same database.
  ///
  /// - Parameter signing: nil: the same as of the first.
  func replica(signing: AssignmentSigning? = nil) throws -> RegistryStore {
    RegistryStore(
      pool: try PostgresPool(url: url, options: pool.options, logger: .quiet), options: store.options,
      signing: signing ?? store.signing)
  }

  @discardableResult
  func device(_ name: String = "sensor", tags: [String] = [], id: DeviceID? = nil) async throws -> DeviceID {
    try await store.createDevice(NewDevice(id: id, name: name, tags: tags, serial: "")).device.id
  }

  func count(_ statement: SQL, _ values: [PostgresValue] = []) async throws -> Int {
    try await pool.queryFirst(statement, values)?["count"].int ?? -1
  }
}

/// Changes by somebody, for tests that are not about who makes them.
extension RegistryStore {
  func createDevice(_ new: NewDevice) async throws -> (device: Device, isNew: Bool) {
    try await createDevice(new, by: .anonymous)
  }

  func updateDevice(
    _ id: DeviceID, name: String?, tags: [String]?, ifRevision revision: Int64? = nil
  ) async throws -> Device {
    try await updateDevice(id, name: name, tags: tags, ifRevision: revision, by: .anonymous)
  }

  func deleteDevice(_ id: DeviceID) async throws { try await deleteDevice(id, by: .anonymous) }

  func assign(_ image: PublishedApp, to id: DeviceID, idempotencyKey: String) async throws -> Assignment {
    try await assign(image, to: id, idempotencyKey: idempotencyKey, by: .anonymous)
  }

  func createDevices(_ new: [NewDevice]) async throws -> [DeviceID: RequestFailure] {
    try await createDevices(new, by: .anonymous)
  }

  func renotify(_ id: DeviceID) async throws -> UInt64 { try await renotify(id, by: .anonymous) }

  func retryFirmware(of id: DeviceID) async throws -> UInt64 { try await retryFirmware(of: id, by: .anonymous) }
}

extension Logger {
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension PublishedApp {
  /// Images of different numbers differ.
  static func sample(_ number: Int = 1, name: String = "sensor", lengthBytes: UInt64 = 100_000) throws -> PublishedApp {
    PublishedApp(
      app: try AppDescription(
        wasmLength: lengthBytes, wasmDigest: try SHA256Digest.of("wasm \(number)".utf8), hostAPILevel: 1,
        name: AppLabel(name), version: AppLabel("1.\(number)")),
      publisher: nil)
  }

  func reference(_ version: UInt64) -> FirmwareReference {
    FirmwareReference(version: version, digest: app.wasmDigest)
  }
}

extension ReportedState {
  static func running(
    _ running: FirmwareReference?, _ status: RunStatus = .confirmed, failed: FirmwareReference? = nil
  ) -> ReportedState {
    ReportedState(
      running: running, slot: running == nil ? "" : "A", status: status, reason: "",
      at: Date(timeIntervalSince1970: 0), failed: failed)
  }
}

extension ReceivedReport {
  /// - Parameter epoch: 0: of a device that names none.
  static func state(
    _ device: DeviceID, _ sequence: UInt64, _ state: ReportedState, epoch: UInt64 = 0,
    supersedes: ReportPosition? = nil
  ) -> ReceivedReport {
    ReceivedReport(
      device: device,
      content: .state(state, at: ReportPosition(epoch: epoch, sequence: sequence), supersedes: supersedes))
  }

  static func presence(_ device: DeviceID, online: Bool) -> ReceivedReport {
    ReceivedReport(device: device, content: .presence(online: online))
  }
}
