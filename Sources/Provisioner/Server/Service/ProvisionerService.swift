import DeviceCertificates
import DeviceEnrolment
import Logging
package import Messaging
import PostgreSQL
import ProvisionerStorage
import ServiceDatabase
package import ServiceHTTP
import ServiceHosting
package import ServiceKit
package import ServiceLifecycle
import Wire

/// The Provisioner put together.
package struct ProvisionerService: MigratableService {
  /// Claims, and what devices ask.
  package let http: HTTPService?
  private let settings: ProvisionerSettings
  private let isInsecure: Bool
  private let logger: Logger
  private let pool: PostgresPool
  private let registry: RPCClient
  private let notifier: RPCClient
  private let security: HTTPSecurity
  /// Nil where devices may do without certificates.
  private let authority: AuthorityParts?
  private let enrolment: EnrolmentParts

  package init(_ process: PreparedProcess<ProvisionerSettings>, bus: Bus) async throws {
    (settings, logger, isInsecure) = (process.settings, process.logger, process.process.isInsecure)
    let databaseMetrics = DatabaseMetrics()
    pool = try Self.makePool(settings, observer: databaseMetrics, logger: logger)
    process.metrics.addCollector("database") { [pool] in databaseMetrics.record(pool) }
    registry = RPCClient(
      name: "registry", endpoints: settings.registryEndpoints, transport: bus.transport(to: .registry), logger: logger)
    notifier = RPCClient(
      name: "notifier", endpoints: settings.authority.notifierEndpoints, transport: bus.transport(to: .notifier),
      logger: logger)
    security = try HTTPSecurity(
      settings.tls, role: ProvisionerSettings.serviceName, isInsecure: isInsecure,
      authorizer: RegistryAuthorizer(registry), provisioner: nil, logger: logger)
    authority = try AuthorityParts(settings.authority, pool: pool, notifier: notifier, logger: logger)
    enrolment = try EnrolmentParts(
      settings, endpoints: Self.endpoints(settings, isInsecure: isInsecure), isInsecure: isInsecure, pool: pool,
      registry: registry, issuer: authority?.issuer, access: security.access, logger: logger)
    let routes = ProvisionerRoutes(claims: enrolment.claimRoutes, enrolment: enrolment.enrolmentRoutes).router()
    authority?.add(to: routes, access: security.access)
    http = makeHTTPService(
      name: ProvisionerSettings.serviceName, listen: settings.httpListen, router: routes,
      limits: HTTPLimits(maximumBodyBytes: 64 << 10).with(settings.http), tls: security.tls, logger: logger)
  }

  package func addChecks(to readiness: Readiness) {
    readiness.add("database") { try await pool.ping() }
    if let authority {
      security.addChecks(to: readiness)
      readiness.add("revocation lists") { try await authority.keeper.check() }
    }
    readiness.add("schema") {
      try await ProvisionerSchema.migrator().check(pool, within: .milliseconds(1_500))
      // Nobody is sent here before it listens, which it does once the tables are there.
      _ = try await http?.boundPort
    }
  }

  package var expirySources: [ExpirySource] {
    settings.tls.expirySources(isInsecure: isInsecure) + (authority.map { [$0.expirySource] } ?? [])
      + [enrolment.factories.expirySource]
  }

  package var writtenFolders: [String] {
    [settings.authority.directory, settings.authority.listDirectory].compactMap { $0 }
  }

  /// Waits for the database, however long it takes to come, and has the lists of what is revoked made.
  package func prepare() async throws {
    try await ProvisionerSchema.migrator().migrateWhenReachable(pool, logger: logger)
    if !Task.isCancelled { await authority?.prepare() }
  }

  package var services: [any Service] {
    [registry, notifier] + security.services + (authority?.services ?? [])
      + (authority.map { [$0.following(security.revocations, logger: logger)] } ?? []) + [enrolment.enroller]
  }

  package func addHandlers(to router: inout RPCRouter) {
    enrolment.rpc.register(on: &router)
    authority?.register(on: &router, audit: enrolment.rpc.audit)
  }

  package func figures() async throws -> [String: Double] {
    let openClaims = try await enrolment.claims.openCount()
    let statistics = pool.statistics
    return [
      "claims.open": Double(openClaims), "database.lent": Double(statistics.lentCount),
      "database.idle": Double(statistics.idleCount), "database.waiting": Double(statistics.waiterCount),
    ]
  }

  package func close() async { await pool.close() }

  package static func migrate(_ process: PreparedProcess<ProvisionerSettings>) async throws -> [String] {
    let pool = try makePool(process.settings, logger: process.logger)
    let applied = try await ProvisionerSchema.migrator().migrate(pool)
    await pool.close()
    return applied.map { "\($0.version) \($0.name)" }
  }

  /// What devices are told, with the Provisioner's own address where the settings name none.
  private static func endpoints(_ settings: ProvisionerSettings, isInsecure: Bool) -> DeviceEndpoints {
    var endpoints = settings.devices
    if endpoints.provisionerURLs.isEmpty {
      endpoints.provisionerURLs = ["\(isInsecure ? "http" : "https")://\(settings.httpListen)"]
    }
    return endpoints
  }

  private static func makePool(
    _ settings: ProvisionerSettings, observer: (any PostgresPoolObserver)? = nil, logger: Logger
  ) throws -> PostgresPool {
    var options = PostgresPoolOptions.standard
    options.observer = observer
    options.maximumConnections = settings.databaseConnections
    options.applicationName = "xtblish-provisioner"
    return try PostgresPool(url: settings.databaseURL, options: options, logger: logger)
  }
}
