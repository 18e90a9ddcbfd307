import BlobStorage
package import Logging
package import Messaging
package import ServiceHTTP
package import ServiceKit
package import ServiceLifecycle
import WebAssemblyModule
import Wire

/// One replica: its HTTP and ZeroMQ servers over one directory of blobs.
package struct ImageStore: Sendable {
  /// The services, to be run in this order; each uses those before it.
  package let services: [any Service]
  /// Whether the replica can do its work now; see `init`.
  package let readiness: Readiness
  /// The HTTP server among the services.
  package let http: HTTPService
  /// The RPC server among the services.
  let rpc: RPCServer

  /// Opens the directory. Nothing listens before the services run.
  ///
  /// - Parameters:
  ///   - isInsecure: whether to do without TLS, tokens and signatures.
  ///   - diskMinimumBytes: with less room for images the replica is not ready.
  ///   - executable: this program, to look at the code of modules in a process of its own; nil: nobody looks.
  package init(
    _ settings: ImageStoreSettings, isInsecure: Bool, bus: Bus, metrics: MetricsRegistry,
    diskMinimumBytes: Int = DiskWatch.usualMinimumBytes, executable: String? = nil, logger: Logger
  ) async throws {
    let blobs = try await FileBlobStore(directory: settings.directory, minimumFreeBytes: diskMinimumBytes)
    let registry = RPCClient(
      name: "registry", endpoints: settings.registryEndpoints, transport: bus.transport(to: .registry), logger: logger)
    let provisioner = RPCClient(
      name: "provisioner", endpoints: settings.provisionerEndpoints, transport: bus.transport(to: .provisioner),
      logger: logger)
    let security = try HTTPSecurity(
      settings.tls, role: ImageStoreSettings.serviceName, isInsecure: isInsecure,
      authorizer: RegistryAuthorizer(registry), provisioner: provisioner, logger: logger)
    let api = ImageStoreAPI(
      blobs: blobs, debugIndex: FileDebugIndex(store: blobs), registry: registry, provisioner: provisioner,
      access: security.access, publishers: settings.publisherPolicy(isInsecure: isInsecure),
      ownPublisherKey: try settings.ownPublisherKey(logger: logger),
      maximumBytes: settings.maximumBytes, maximumUploads: settings.maximumUploads,
      appLimits: AppCheck.Limits(memoryBytes: UInt64(settings.appMemoryBytes)),
      codeCheck: try executable.flatMap { try settings.codeCheck(executable: $0, logger: logger) })

    // Not the Registry: without it devices still fetch what is known here, and taking every replica
    // out of its load balancer would end that.
    let readiness = Readiness()
    readiness.add("storage") { try await blobs.checkWritable() }
    security.addChecks(to: readiness)
    let disk = DiskWatch([settings.directory], minimumBytes: diskMinimumBytes, logger: logger)
    disk.register(on: readiness)
    let expiry = ExpiryWatch(settings.tls.expirySources(isInsecure: isInsecure), logger: logger)
    expiry.register(on: readiness)

    let router = makeRouter()
    api.addRoutes(to: router)
    let http = makeHTTPService(
      name: ImageStoreSettings.serviceName, listen: settings.httpListen, router: router,
      limits: .standard.with(settings.http), tls: security.tls, logger: logger)
    var requests = RPCRouter()
    api.addRequests(to: &requests)
    StatusReporter(
      service: ImageStoreSettings.serviceName, readiness: readiness,
      addresses: {
        [
          "http": "\(settings.httpListen)", "rpc": settings.rpcListen, "operations": "\(settings.operationsListen)",
        ]
      },
      figures: { try await api.figures.merging(["storage.free-bytes": Double(blobs.freeBytes())]) { $1 } }
    ).register(on: &requests)
    let rpc = RPCServer(
      name: ImageStoreSettings.serviceName, listening: settings.rpcListen, router: requests,
      transport: bus.transport, logger: logger)
    let operations = OperationsServer.make(
      name: ImageStoreSettings.serviceName, listen: settings.operationsListen, readiness: readiness, metrics: metrics,
      logger: logger)
    // Shut down in reverse order: uploads end before the Registry's client and the blobs' threads do.
    services = [blobs, operations, disk, expiry, registry, provisioner] + security.services + [rpc, http]
    self.readiness = readiness
    self.http = http
    self.rpc = rpc
  }
}
