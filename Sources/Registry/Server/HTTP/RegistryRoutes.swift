package import Hummingbird
import NIOCore
import RegistryClient
package import RegistryStorage
package import ServiceHTTP

/// Everything that the Registry answers over HTTP.
package struct RegistryRoutes: Sendable {
  /// What the requests here need, with every character of a body escaped, is some 40 KiB.
  package static let limits = HTTPLimits(maximumBodyBytes: 64 << 10)

  private let store: RegistryStore
  private let control: AccessControl

  package init(store: RegistryStore, control: AccessControl) {
    self.store = store
    self.control = control
  }

  /// Adds all routes, each with the scope that it takes.
  package func add(to router: Router<HTTPContext>) {
    let access = RouteAccess(router: router, control: control)
    DeviceRoutes(store: store).add(to: access)
    DeviceFirmwareRoutes(store: store).add(to: access)
    EventRoutes(store: store).add(to: access)
    LogRoutes(store: store).add(to: access)
    CrashRoutes(store: store).add(to: access)
    TokenRoutes(store: store).add(to: access)
    AuditRoutes(store: store).add(to: access)
    // Open to everybody: it says nothing of this installation.
    let description = ByteBuffer(string: OpenAPIDocument.text)
    router.get("/openapi.json") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json"], body: .shared(description))
    }
  }
}
