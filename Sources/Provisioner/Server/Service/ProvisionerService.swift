import DeviceCertificates
import DeviceEnrolment
package import Logging
import Messaging
import PostgreSQL
import ProvisionerStorage
import ServiceHTTP
package import ServiceKit
import Wire

/// The Provisioner put together.
package enum ProvisionerService {
  /// Runs until a signal asks for the end.
  package static func run(_ process: PreparedProcess<ProvisionerSettings>) async throws {
    let (settings, logger) = (process.settings, process.logger)
    let bus = try process.openBus()
    let pool = try makePool(settings, logger: logger)
    let registry = RPCClient(
      name: "registry", endpoints: settings.registryEndpoints, transport: bus.transport(to: .registry), logger: logger)
    let notifier = RPCClient(
      name: "notifier", endpoints: settings.authority.notifierEndpoints, transport: bus.transport(to: .notifier),
      logger: logger)
    let isInsecure = process.process.isInsecure
    let security = try HTTPSecurity(
      settings.tls, role: ProvisionerSettings.serviceName, isInsecure: isInsecure,
      authorizer: RegistryAuthorizer(registry), provisioner: nil, logger: logger)
    let authority = try AuthorityParts(settings.authority, pool: pool, notifier: notifier, logger: logger)
    let parts = try EnrolmentParts(
      settings, endpoints: endpoints(process), isInsecure: isInsecure, pool: pool, registry: registry,
      issuer: authority?.issuer, access: security.access, logger: logger)
    let readiness = Readiness()
    readiness.add("database") { try await pool.ping() }
    if let authority {
      security.addChecks(to: readiness)
      readiness.add("revocation lists") { try await authority.keeper.check() }
    }
    let expiry = ExpiryWatch(
      settings.tls.expirySources(isInsecure: isInsecure) + (authority.map { [$0.expirySource] } ?? []), logger: logger)
    expiry.register(on: readiness)
    let disk = DiskWatch(
      [settings.authority.directory, settings.authority.listDirectory].compactMap { $0 },
      minimumBytes: process.process.diskMinimumBytes, logger: logger)
    disk.register(on: readiness)

    let routes = ProvisionerRoutes(claims: parts.claimRoutes, enrolment: parts.enrolmentRoutes).router()
    authority?.add(to: routes, access: security.access)
    let http = makeHTTPService(
      name: "provisioner", listen: settings.httpListen, router: routes,
      limits: HTTPLimits(maximumBodyBytes: 64 << 10).with(settings.http), tls: security.tls, logger: logger)
    readiness.add("schema") {
      try await ProvisionerSchema.migrator().check(pool, within: .milliseconds(1_500))
      // Nobody is sent here before it listens, which it does once the tables are there.
      _ = try await http.boundPort
    }
    let operations = OperationsServer.make(
      name: "provisioner", listen: settings.operationsListen, readiness: readiness, metrics: process.metrics,
      logger: logger)
    var router = RPCRouter()
    parts.rpc.register(on: &router)
    authority?.register(on: &router, audit: parts.rpc.audit)
    StatusReporter(
      service: "provisioner", readiness: readiness,
      // By now known, even where any free port was asked for.
      addresses: {
        [
          "http": "\(await http.address)", "rpc": settings.rpcListen,
          "operations": "\(await operations.address)",
        ]
      },
      figures: { figures(pool, openClaims: try await parts.claims.openCount()) }
    ).register(on: &router)
    let rpc = RPCServer(
      name: "provisioner", listening: settings.rpcListen, router: router, transport: bus.transport, logger: logger)

    // What needs the tables starts once they are there; until then the operations server tells why it is not ready.
    let work = PreparedServices(
      [registry, notifier] + security.services + (authority?.services ?? [])
        + (authority.map { [$0.following(security.revocations, logger: logger)] } ?? [])
        + [parts.enroller, rpc, http],
      logger: logger
    ) {
      try await ProvisionerSchema.migrator().migrateWhenReachable(pool, logger: logger)
      if !Task.isCancelled { await authority?.prepare() }
    }
    try await ServiceHost.run(
      name: "provisioner", logger: logger, services: [operations, expiry, disk, work], readiness: readiness,
      shutdownTimeout: process.process.shutdownTimeout)
    await pool.close()
  }

  private static func endpoints(_ process: PreparedProcess<ProvisionerSettings>) -> DeviceEndpoints {
    var endpoints = process.settings.devices
    if endpoints.provisionerURLs.isEmpty {
      endpoints.provisionerURLs = [
        "\(process.process.isInsecure ? "http" : "https")://\(process.settings.httpListen)"
      ]
    }
    return endpoints
  }

  /// Brings the database's schema up to date, and tells what it did.
  package static func migrate(_ settings: ProvisionerSettings, logger: Logger) async throws -> [String] {
    let pool = try makePool(settings, logger: logger)
    let applied = try await ProvisionerSchema.migrator().migrate(pool)
    await pool.close()
    return applied.map { "\($0.version) \($0.name)" }
  }

  private static func makePool(_ settings: ProvisionerSettings, logger: Logger) throws -> PostgresPool {
    var options = PostgresPoolOptions.standard
    options.maximumConnections = settings.databaseConnections
    options.applicationName = "xtblish-provisioner"
    return try PostgresPool(url: settings.databaseURL, options: options, logger: logger)
  }

  private static func figures(_ pool: PostgresPool, openClaims: Int) -> [String: Double] {
    let statistics = pool.statistics
    return [
      "claims.open": Double(openClaims), "database.lent": Double(statistics.lentCount),
      "database.idle": Double(statistics.idleCount), "database.waiting": Double(statistics.waiterCount),
    ]
  }
}
