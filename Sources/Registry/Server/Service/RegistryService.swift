import Foundations
package import Logging
import Messaging
import PostgreSQL
import RegistryAuthority
import RegistryBus
import RegistryDelivery
import RegistryDomain
import RegistryHTTP
import RegistryStorage
import ServiceHTTP
package import ServiceKit
import ServiceLifecycle
import Wire

/// The Registry put together.
package enum RegistryService {
  /// Runs until a signal asks for the end.
  package static func run(_ process: PreparedProcess<RegistrySettings>) async throws {
    let (settings, logger) = (process.settings, process.logger)
    let bus = try process.openBus()
    let pool = try makePool(settings, logger: logger)
    let signing = try settings.signing(isInsecure: process.process.isInsecure)
    let store = RegistryStore(pool: pool, options: settings.storeOptions, signing: signing)
    let metrics = RegistryMetrics()
    let readiness = Readiness()
    readiness.add("database") { try await pool.ping() }
    readiness.add("director") { try await store.checkDirectorKeys() }
    let expiry = ExpiryWatch(
      settings.tls.expirySources(isInsecure: process.process.isInsecure) + [store.expirySource], logger: logger)
    expiry.register(on: readiness)
    let disk = DiskWatch(
      settings.directorDirectory.map { [$0] } ?? [], minimumBytes: process.process.diskMinimumBytes, logger: logger)
    disk.register(on: readiness)

    let operations = OperationsServer.make(
      name: "registry", listen: settings.operationsListen, readiness: readiness, metrics: process.metrics,
      logger: logger)
    let notifier = RPCClient(
      name: "notifier", endpoints: settings.notifierEndpoints, transport: bus.transport(to: .notifier), logger: logger)
    let provisioner = RPCClient(
      name: "provisioner", endpoints: settings.provisionerEndpoints, transport: bus.transport(to: .provisioner),
      logger: logger)
    let certificates = BusProvisioner(provisioner)
    let authority = RequestAuthority(store: store, logger: logger)
    let security = try HTTPSecurity(
      settings.tls, role: RegistrySettings.serviceName, isInsecure: process.process.isInsecure,
      authorizer: LocalAuthorizer(authority), provisioner: provisioner, logger: logger)
    security.addChecks(to: readiness)
    let http = makeHTTP(settings, store: store, security: security, logger: logger)
    readiness.add("schema") {
      try await RegistrySchema.migrator().check(pool, within: .milliseconds(1_500))
      // Nobody is sent here before it listens, which it does once the tables are there.
      _ = try await http.boundPort
    }
    let rpc = makeRPC(
      settings, bus: bus, store: store, authority: authority, notifier: notifier, provisioner: certificates,
      status: StatusReporter(
        service: "registry", readiness: readiness,
        addresses: {
          [
            "http": await address(settings.httpListen, http), "rpc": settings.rpcListen,
            "operations": await address(settings.operationsListen, operations),
          ]
        },
        figures: { try await figures(store, notifier) }),
      logger: logger)
    let dispatcher = OutboxDispatcher(
      store: store, notifier: BusNotifier(notifier),
      options: OutboxDispatcher.Options(
        lease: settings.outboxLease, backoff: RetryBackoff(longest: settings.outboxLongestRetry)),
      metrics: metrics, logger: logger)

    // What needs the tables starts once they are there; until then the operations server tells why it is not ready.
    let work = PreparedServices(
      [
        notifier, dispatcher, OutboxListener(store: store),
        LogListener(store: store),
        provisioner, RevocationDispatcher(store: store, provisioner: certificates, logger: logger),
        HistoryRetention(
          store: store, eventRetention: settings.eventRetention, auditRetention: settings.auditRetention, logger: logger
        ),
        TelemetryRetention(
          store: store, logRetention: settings.logRetention, crashRetention: settings.crashRetention, logger: logger),
        LeftoverRemoval(store: store, metrics: metrics, logger: logger), OutboxGauge(store: store, metrics: metrics),
        authority,
      ] + security.services + [rpc, http], logger: logger
    ) {
      try await prepare(pool, store, logger: logger)
    }
    try await ServiceHost.run(
      name: "registry", logger: logger, services: [operations, expiry, disk, work], readiness: readiness,
      shutdownTimeout: process.process.shutdownTimeout)
    await pool.close()
  }

  /// Waits for the database, however long it takes to come, and makes in it what the services need.
  private static func prepare(_ pool: PostgresPool, _ store: RegistryStore, logger: Logger) async throws {
    try await RegistrySchema.migrator().migrateWhenReachable(pool, logger: logger)
    let backoff = RetryBackoff(longest: .seconds(2))
    var attempts: UInt64 = 0
    while !Task.isCancelled {
      do {
        return try await store.ensureDirectorKey()
      } catch let failure as RequestFailure where failure.code == .unavailable || failure.code == .overloaded {
        attempts += 1
        logger.warning("waiting for the database", metadata: ["error": "\(failure)"])
        try? await Task.sleep(for: backoff.delay(attempts: attempts, fraction: .random(in: 0...1)))
      }
    }
  }

  /// Brings the database's schema up to date, and tells what it did.
  package static func migrate(_ settings: RegistrySettings, logger: Logger) async throws -> [String] {
    let pool = try makePool(settings, logger: logger)
    let applied = try await RegistrySchema.migrator().migrate(pool)
    await pool.close()
    return applied.map { "\($0.version) \($0.name)" }
  }

  /// Waits only shortly for a connection, so that a client hears soon that the database is not there.
  static func poolOptions(connections: Int) -> PostgresPoolOptions {
    var options = PostgresPoolOptions.standard
    options.maximumConnections = connections
    options.maximumWaiters = 256
    options.acquireTimeout = .seconds(1)
    options.statementTimeout = .seconds(3)
    options.idleInTransactionTimeout = .seconds(10)
    options.applicationName = "xtblish-registry"
    return options
  }

  private static func makePool(_ settings: RegistrySettings, logger: Logger) throws -> PostgresPool {
    try PostgresPool(
      url: settings.databaseURL, options: poolOptions(connections: settings.databaseConnections), logger: logger)
  }

  private static func makeHTTP(
    _ settings: RegistrySettings, store: RegistryStore, security: HTTPSecurity, logger: Logger
  ) -> HTTPService {
    let router = makeRouter()
    RegistryRoutes(store: store, control: security.access).add(to: router)
    return makeHTTPService(
      name: "registry", listen: settings.httpListen, router: router, limits: RegistryRoutes.limits.with(settings.http),
      tls: security.tls, logger: logger)
  }

  private static func makeRPC(
    _ settings: RegistrySettings, bus: Bus, store: RegistryStore, authority: RequestAuthority, notifier: any RPCCaller,
    provisioner: any CertificateProvider, status: StatusReporter, logger: Logger
  ) -> RPCServer {
    var router = RPCRouter()
    RegistryRPC(store: store, authority: authority, notifier: notifier, provisioner: provisioner, logger: logger)
      .addHandlers(to: &router)
    status.register(on: &router)
    return RPCServer(
      name: "registry", listening: settings.rpcListen, router: router, transport: bus.transport,
      onDenial: { authority.noteDenial(of: $0, kind: $1) }, logger: logger)
  }

  private static func address(_ listen: ListenAddress, _ service: HTTPService) async -> String {
    let port = (try? await service.boundPort) ?? listen.port
    return "\(ListenAddress(host: listen.host, port: port))"
  }

  private static func figures(_ store: RegistryStore, _ notifier: RPCClient) async throws -> [String: Double] {
    let statistics = store.pool.statistics
    return [
      "outbox.pending": Double(try await store.outboxPending()),
      "revocations.pending": Double(try await store.pendingRevocations()),
      "database.lent": Double(statistics.lentCount), "database.waiting": Double(statistics.waiterCount),
    ]
  }
}
