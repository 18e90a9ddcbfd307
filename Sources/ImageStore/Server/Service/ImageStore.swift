import BlobStorage
import Logging
package import Messaging
package import ServiceHTTP
import ServiceHosting
package import ServiceKit
package import ServiceLifecycle
import WebAssemblyModule
import Wire

/// The image store put together: one replica, over a directory of blobs that all share.
package struct ImageStore: HostedService {
  /// The data API.
  package let http: HTTPService?
  private let settings: ImageStoreSettings
  private let isInsecure: Bool
  private let blobs: FileBlobStore
  private let registry: RPCClient
  private let provisioner: RPCClient
  private let security: HTTPSecurity
  private let api: ImageStoreAPI

  /// Opens the directory.
  package init(_ process: PreparedProcess<ImageStoreSettings>, bus: Bus) async throws {
    let logger = process.logger
    (settings, isInsecure) = (process.settings, process.process.isInsecure)
    blobs = try await FileBlobStore(
      directory: settings.directory, minimumFreeBytes: process.process.diskMinimumBytes)
    registry = RPCClient(
      name: "registry", endpoints: settings.registryEndpoints, transport: bus.transport(to: .registry), logger: logger)
    provisioner = RPCClient(
      name: "provisioner", endpoints: settings.provisionerEndpoints, transport: bus.transport(to: .provisioner),
      logger: logger)
    security = try HTTPSecurity(
      settings.tls, role: ImageStoreSettings.serviceName, isInsecure: isInsecure,
      authorizer: RegistryAuthorizer(registry), provisioner: provisioner, logger: logger)
    api = ImageStoreAPI(
      blobs: blobs, debugIndex: FileDebugIndex(store: blobs), registry: registry, provisioner: provisioner,
      access: security.access, publishers: settings.publisherPolicy(isInsecure: isInsecure),
      ownPublisherKey: try settings.ownPublisherKey(logger: logger),
      maximumBytes: settings.maximumBytes, maximumUploads: settings.maximumUploads,
      appLimits: AppCheck.Limits(memoryBytes: UInt64(settings.appMemoryBytes)),
      codeCheck: try settings.codeCheck(executable: process.executable, logger: logger))
    api.addCollectors(to: process.metrics)
    let router = makeRouter()
    api.addRoutes(to: router)
    http = makeHTTPService(
      name: ImageStoreSettings.serviceName, listen: settings.httpListen, router: router,
      limits: .standard.with(settings.http), tls: security.tls, logger: logger)
  }

  /// Not the Registry: without it devices still fetch what is known here, and taking every replica out of its load
  /// balancer would end that.
  package func addChecks(to readiness: Readiness) {
    readiness.add("storage") { try await blobs.checkWritable() }
    security.addChecks(to: readiness)
  }

  package var expirySources: [ExpirySource] { settings.tls.expirySources(isInsecure: isInsecure) }

  package var writtenFolders: [String] { [settings.directory] }

  /// Ended in reverse order: uploads end before the Registry's client and the blobs' upkeep do.
  package var services: [any Service] { [blobs, registry, provisioner] + security.services }

  package func addHandlers(to router: inout RPCRouter) { api.addRequests(to: &router) }

  package func figures() async throws -> [String: Double] {
    try await api.figures.merging(["storage.free-bytes": Double(blobs.freeBytes())]) { $1 }
  }

  /// Ends the threads that read and write blobs, when nobody is left to ask them.
  package func close() async { await blobs.close() }
}
