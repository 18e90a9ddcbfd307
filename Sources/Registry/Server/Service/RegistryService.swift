import Foundations
import Logging
package import Messaging
import PostgreSQL
import RegistryAuthority
import RegistryBus
import RegistryDelivery
import RegistryDomain
import RegistryHTTP
import RegistryStorage
import ServiceDatabase
package import ServiceHTTP
import ServiceHosting
package import ServiceKit
package import ServiceLifecycle
import Wire

/// The Registry put together.
package struct RegistryService: MigratableService {
  /// The control API.
  package let http: HTTPService?
  private let settings: RegistrySettings
  private let isInsecure: Bool
  private let logger: Logger
  private let pool: PostgresPool
  private let store: RegistryStore
  private let metrics = RegistryMetrics()
  private let notifier: RPCClient
  private let provisioner: RPCClient
  private let authority: RequestAuthority
  private let security: HTTPSecurity

  package init(_ process: PreparedProcess<RegistrySettings>, bus: Bus) async throws {
    (settings, logger, isInsecure) = (process.settings, process.logger, process.process.isInsecure)
    let databaseMetrics = DatabaseMetrics()
    pool = try Self.makePool(settings, observer: databaseMetrics, logger: logger)
    store = RegistryStore(
      pool: pool, options: settings.storeOptions, signing: try settings.signing(isInsecure: isInsecure))
    notifier = RPCClient(
      name: "notifier", endpoints: settings.notifierEndpoints, transport: bus.transport(to: .notifier), logger: logger)
    provisioner = RPCClient(
      name: "provisioner", endpoints: settings.provisionerEndpoints, transport: bus.transport(to: .provisioner),
      logger: logger)
    authority = RequestAuthority(store: store, logger: logger)
    security = try HTTPSecurity(
      settings.tls, role: RegistrySettings.serviceName, isInsecure: isInsecure,
      authorizer: LocalAuthorizer(authority), provisioner: provisioner, logger: logger)
    let router = makeRouter()
    RegistryRoutes(store: store, control: security.access).add(to: router)
    http = makeHTTPService(
      name: RegistrySettings.serviceName, listen: settings.httpListen, router: router,
      limits: RegistryRoutes.limits.with(settings.http), tls: security.tls, logger: logger)
    addCollectors(to: process.metrics, databaseMetrics)
  }

  /// What would cost queries all the time is counted when the metrics are fetched.
  private func addCollectors(to registry: MetricsRegistry, _ database: DatabaseMetrics) {
    registry.addCollector("database") { [pool] in database.record(pool) }
    registry.addCollector("outbox", every: .seconds(1)) { [metrics, store] in
      metrics.record(try await store.waitingFigures())
    }
    registry.addCollector("devices", every: Self.deviceCountInterval, isCostly: true) { [metrics, store] in
      metrics.record(try await store.deviceCounts())
    }
  }

  /// How old the counts of devices may be: each goes through all of them.
  private static let deviceCountInterval = Duration.seconds(15)

  package func addChecks(to readiness: Readiness) {
    readiness.add("database") { try await pool.ping() }
    readiness.add("director") { try await store.checkDirectorKeys() }
    security.addChecks(to: readiness)
    readiness.add("schema") {
      try await RegistrySchema.migrator().check(pool, within: .milliseconds(1_500))
      // Nobody is sent here before it listens, which it does once the tables are there.
      _ = try await http?.boundPort
    }
  }

  package var expirySources: [ExpirySource] {
    settings.tls.expirySources(isInsecure: isInsecure) + [store.expirySource, store.tokenExpirySource]
  }

  package var writtenFolders: [String] { settings.directorDirectory.map { [$0] } ?? [] }

  /// Waits for the database, however long it takes to come, and makes in it what the services need.
  package func prepare() async throws {
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

  package var services: [any Service] {
    let dispatcher = OutboxDispatcher(
      store: store, notifier: BusNotifier(notifier),
      options: OutboxDispatcher.Options(
        lease: settings.outboxLease, backoff: RetryBackoff(longest: settings.outboxLongestRetry)),
      metrics: metrics, logger: logger)
    return [
      notifier, dispatcher, OutboxListener(store: store), LogListener(store: store), provisioner,
      RevocationDispatcher(store: store, provisioner: BusProvisioner(provisioner), logger: logger),
      HistoryRetention(
        store: store, eventRetention: settings.eventRetention, auditRetention: settings.auditRetention, logger: logger),
      TelemetryRetention(
        store: store, logRetention: settings.logRetention, crashRetention: settings.crashRetention, logger: logger),
      LeftoverRemoval(store: store, metrics: metrics, logger: logger), authority,
    ] + security.services
  }

  package func addHandlers(to router: inout RPCRouter) {
    RegistryRPC(
      store: store, authority: authority, notifier: notifier, provisioner: BusProvisioner(provisioner), logger: logger
    ).addHandlers(to: &router)
  }

  package func noteDenial(of peer: BusPeer, kind: String) { authority.noteDenial(of: peer, kind: kind) }

  package func figures() async throws -> [String: Double] {
    let statistics = store.pool.statistics
    return [
      "outbox.pending": Double(try await store.outboxPending()),
      "revocations.pending": Double(try await store.pendingRevocations()),
      "database.lent": Double(statistics.lentCount), "database.waiting": Double(statistics.waiterCount),
    ]
  }

  package func close() async { await pool.close() }

  package static func migrate(_ process: PreparedProcess<RegistrySettings>) async throws -> [String] {
    let pool = try makePool(process.settings, logger: process.logger)
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

  private static func makePool(
    _ settings: RegistrySettings, observer: (any PostgresPoolObserver)? = nil, logger: Logger
  ) throws -> PostgresPool {
    var options = poolOptions(connections: settings.databaseConnections)
    options.observer = observer
    return try PostgresPool(url: settings.databaseURL, options: options, logger: logger)
  }
}
