package import Hummingbird
import NIOCore
package import ServiceHTTP

/// Everything that the Registry answers over HTTP.
package struct RegistryRoutes: Sendable {
  /// What the requests here need, with every character of a body escaped, is some 40 KiB.
  package static let limits = HTTPLimits(maximumBodyBytes: 64 << 10)

  private let store: RegistryStore

  package init(store: RegistryStore) {
    self.store = store
  }

  package func add(to router: Router<HTTPContext>) {
    DeviceRoutes(store: store).add(to: router)
    FirmwareRoutes(store: store).add(to: router)
    EventRoutes(store: store).add(to: router)
    LogRoutes(store: store).add(to: router)
    CrashRoutes(store: store).add(to: router)
    let description = ByteBuffer(string: OpenAPIDocument.text)
    router.get("/openapi.json") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: description))
    }
  }
}
