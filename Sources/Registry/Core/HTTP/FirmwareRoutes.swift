import FirmwareImage
import Hummingbird
import ServiceHTTP

/// `/v1/devices/{id}/firmware`.
struct FirmwareRoutes: Sendable {
  let store: RegistryStore

  func add(to router: Router<HTTPContext>) {
    router.get("/v1/devices/{id}/firmware") { request, context in
      try await list(request, RequestReading.device(context))
    }
  }

  private func list(_ request: Request, _ id: DeviceID) async throws -> Response {
    let query = try QueryParameters(request, known: ["limit", "cursor"])
    let page = try await store.firmware(of: id, before: query.number("cursor"), limit: query.limit())
    return try Response.json(
      FirmwareListDocument(firmware: page.items.map(FirmwareDocument.init), nextCursor: page.next.map { "\($0)" }))
  }
}
