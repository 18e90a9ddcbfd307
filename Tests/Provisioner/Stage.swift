import Logging
import PostgreSQL
import TestSupport
import Wire

@testable import ProvisionerCore

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A Provisioner's parts over a new database and a stand-in for the Registry.
struct Stage: Sendable {
  let url: String
  let pool: PostgresPool
  let registry: FakeRegistry
  let claims: ClaimStore
  let enroller: Enroller

  static let endpoints = DeviceEndpoints(
    mqttHost: "broker.example", mqttPort: 1884, imageStoreURLs: ["http://a.example:1", "http://b.example:2"],
    heartbeatSeconds: 15)

  func makeClaim(count: UInt64 = 10, lifetimeSeconds: UInt64 = 3600) async throws -> (id: ClaimID, token: String) {
    let new = try NewClaim(
      count: count, lifetimeSeconds: lifetimeSeconds, product: "sensor", tags: ["b", "a", "b"], namePrefix: "node")
    let (claim, token) = try await claims.create(new)
    return (claim.id, token.text)
  }

  /// Moves the claim's end into the past.
  func expire(_ id: ClaimID) async throws {
    try await pool.execute(
      "update provisioner.claims set expires_at = clock_timestamp() - interval '1 second' where id = $1",
      [.uuid(id.bytes)])
  }
}

func withStage(_ body: (Stage) async throws -> Void) async throws {
  let url = try await PostgresServer.shared().createDatabase()
  let pool = try PostgresPool(url: url, maximumConnections: 8, logger: quietLogger)
  try await ProvisionerSchema.migrator().migrate(pool)
  let registry = FakeRegistry()
  let stage = Stage(
    url: url, pool: pool, registry: registry, claims: ClaimStore(pool: pool),
    enroller: Enroller(
      store: EnrolmentStore(pool: pool), registry: registry, endpoints: Stage.endpoints, logger: quietLogger))
  do {
    try await body(stage)
  } catch {
    await pool.close()
    throw error
  }
  await pool.close()
}

/// The failure that `body` throws, if it throws one that is told to clients.
func wireFailure(_ body: () async throws -> Void) async -> WireFailure? {
  do {
    try await body()
    return nil
  } catch {
    return error as? WireFailure
  }
}
