package import BlobStorage
import FirmwareAssignment
package import FirmwareImage
import HTTPTypes
package import Hummingbird
package import ImageAdmission
package import Messaging
import Metrics
import NIOCore
package import OpenSSL
package import ServiceHTTP
import ServiceKit
package import WebAssemblyModule

/// The routes and requests that an image store answers, over any blob store.
package struct ImageStoreAPI: Sendable {
  private let blobs: any BlobStore
  private let firmware: FirmwareImageRoutes
  private let images: ImageRoutes
  private let debug: DebugRoutes
  private let polling: PollingRoutes
  private let maximumBytes: Int
  private let slots: UploadSlots

  /// - Parameters:
  ///   - debugIndex: which blob is the unstripped module of a build.
  ///   - registry: who knows devices and their versions.
  ///   - provisioner: who knows the tokens of devices without certificates.
  ///   - access: who may use which route.
  ///   - publishers: what uploads for devices must prove about who built them.
  ///   - ownPublisherKey: signs modules for devices that come unsigned.
  ///   - maximumBytes: the longest WebAssembly module that is taken.
  ///   - maximumUploads: how many may be under way at once.
  ///   - appLimits: what an app may want from its start.
  ///   - codeCheck: looks at the code of modules; nil: devices do.
  package init(
    blobs: any BlobStore, debugIndex: any DebugIndex, registry: any RPCCaller, provisioner: any RPCCaller,
    access: AccessControl, publishers: PublisherPolicy, ownPublisherKey: Ed25519.PrivateKey? = nil,
    maximumBytes: Int, maximumUploads: Int, appLimits: AppCheck.Limits = AppCheck.Limits(),
    codeCheck: (any CodeCheck)? = nil
  ) {
    let metrics = StoreMetrics()
    let responder = BlobResponder()
    slots = UploadSlots(capacity: maximumUploads)
    let uploads = Uploads(
      intake: ImageIntake(
        blobs: blobs, limitBytes: UInt64(maximumBytes), appLimits: appLimits, codeCheck: codeCheck),
      slots: slots, metrics: metrics)
    let catalog = FirmwareCatalog(registry: registry)
    let whole = FirmwareResponder(blobs: blobs, hashes: ImageHashes(), metrics: metrics, responder: responder)
    firmware = FirmwareImageRoutes(
      access: access, uploads: uploads, catalog: catalog,
      publishers: PublisherCheck(registry: registry, policy: publishers, ownKey: ownPublisherKey), responder: whole)
    polling = PollingRoutes(
      access: access, tokens: PollingTokens(provisioner: provisioner), catalog: catalog, firmware: whole)
    images = ImageRoutes(access: access, uploads: uploads, blobs: blobs, metrics: metrics, responder: responder)
    debug = DebugRoutes(
      access: access, uploads: uploads, blobs: blobs, index: debugIndex, metrics: metrics, responder: responder)
    self.blobs = blobs
    self.maximumBytes = maximumBytes
  }

  /// Counts by their names, for the status.
  var figures: [String: Double] {
    ["uploads.running": Double(slots.inUse), "uploads.limit": Double(slots.capacity)]
  }

  /// Has the uploads counted that are under way whenever the metrics are fetched.
  func addCollectors(to registry: MetricsRegistry) {
    let (running, most) = (
      Gauge(label: "image_store_uploads_in_progress"), Gauge(label: "image_store_uploads_max")
    )
    registry.addCollector("uploads") { [slots] in
      running.record(slots.inUse)
      most.record(slots.capacity)
    }
  }

  /// Adds all routes of the data API.
  package func addRoutes(to router: Router<HTTPContext>) {
    polling.add(to: router)
    firmware.add(to: router, maximumBodyBytes: maximumBytes + FirmwareImageRoutes.headerBytes)
    images.add(to: router, maximumBodyBytes: maximumBytes)
    debug.add(to: router, maximumBodyBytes: maximumBytes)
    // Open to everybody: it says nothing of this installation.
    let description = ByteBuffer(string: ImageStoreOpenAPI.text)
    router.get("/openapi.json") { _, _ in
      Response(status: .ok, headers: [.contentType: "application/json"], body: .shared(description))
    }
  }

  /// Adds answers to what admin commands ask over the bus.
  func addRequests(to router: inout RPCRouter) {
    ImageRequests(blobs: blobs).add(to: &router)
  }
}
