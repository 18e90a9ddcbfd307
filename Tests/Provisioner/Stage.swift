import Curl
import Foundations
import Logging
import OpenSSL
import PostgreSQL
import TestSupport

@testable import DeviceCertificates
@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A Provisioner's parts over a new database and a stand-in for the Registry.
struct Stage: Sendable {
  let url: String
  let pool: PostgresPool
  let registry: FakeRegistry
  let claims: ClaimStore
  let enrolments: EnrolmentStore
  let devices: DeviceStore
  let factories: FactoryStore
  let anchors: RegistryTrustAnchors
  let otp: OTPStore
  let enroller: Enroller

  static let endpoints = DeviceEndpoints(
    mqttHost: "broker.example", mqttPort: 1884, imageStoreURLs: ["http://a.example:1", "http://b.example:2"],
    provisionerURLs: ["https://p.example:3"], heartbeatSeconds: 15)

  func makeClaim(
    count: UInt64 = 10, lifetimeSeconds: UInt64 = 3600, product: String = "sensor", group: String = "",
    serials: [String] = []
  ) async throws -> (id: ClaimID, token: String) {
    let new = try NewClaim(
      count: count, lifetimeSeconds: lifetimeSeconds, product: product, group: group, tags: ["b", "a", "b"],
      serials: serials, namePrefix: "node")
    let (claim, secret) = try await claims.create(new)
    return (claim.id, secret.text)
  }

  /// - Parameter key: nil: it asks for no certificate.
  func enroll(
    token: String, serial: String, key: P256.PrivateKey? = nil, isPollingOnly: Bool = false
  ) async throws -> Identity {
    let request = try key.map { try CertificateRequest(key: $0, commonName: serial) }
    return try await enroller.enroll(
      EnrolmentRequest(
        claim: token, serial: serial, certificateRequest: request?.der ?? [], isPollingOnly: isPollingOnly))
  }

  /// Moves the claim's end into the past.
  func expire(_ id: ClaimID) async throws {
    try await pool.execute(
      "update provisioner.claims set expires_at = clock_timestamp() - interval '1 second' where id = $1",
      [.uuid(id.bytes)])
  }
}

/// - Parameters:
///   - isInsecure: whether devices may do without certificates.
///   - webhook: the URL of who may veto, with the secret shared with it.
///   - authority: who signs certificates; nil: nobody.
func withStage(
  isInsecure: Bool = true, webhook: (url: String, secret: [UInt8]?)? = nil, authority: AuthorityFixture? = nil,
  _ body: (Stage) async throws -> Void
) async throws {
  let url = try await PostgresServer.shared().createDatabase()
  let pool = try PostgresPool(url: url, maximumConnections: 8, logger: quietLogger)
  try await ProvisionerSchema.migrator().migrate(pool)
  let registry = FakeRegistry()
  let (enrolments, factories) = (EnrolmentStore(pool: pool), FactoryStore(pool: pool))
  let anchors = RegistryTrustAnchors(registry: registry, isInsecure: isInsecure)
  let http = HTTPClient()
  let replica = try authority.map { try AuthorityReplica($0.directory, pool: pool) }
  // Writes down whose certificates they are.
  await replica?.keeper.turn()
  let stage = Stage(
    url: url, pool: pool, registry: registry, claims: ClaimStore(pool: pool), enrolments: enrolments,
    devices: DeviceStore(pool: pool), factories: factories, anchors: anchors,
    otp: OTPStore(pool: pool, logger: quietLogger),
    enroller: Enroller(
      store: enrolments, factories: factories, registry: registry, anchors: anchors, issuer: replica?.live,
      webhook: webhook.map { EnrolmentWebhook(url: $0.url, secret: $0.secret, http: http, logger: quietLogger) },
      options: Enroller.Options(endpoints: Stage.endpoints, isInsecure: isInsecure), logger: quietLogger))
  let outcome: Result<Void, any Error>
  do {
    outcome = .success(
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await stage.enroller.run() }
        let outcome: Result<Void, any Error>
        do {
          outcome = .success(try await body(stage))
        } catch {
          outcome = .failure(error)
        }
        group.cancelAll()
        try await group.waitForAll()
        try outcome.get()
      })
  } catch {
    outcome = .failure(error)
  }
  http.close()
  await pool.close()
  try outcome.get()
}

/// The failure that `body` throws, if it throws one that is told to clients.
func requestFailure(_ body: () async throws -> Void) async -> RequestFailure? {
  do {
    try await body()
    return nil
  } catch {
    return error as? RequestFailure
  }
}
