import Authorization
import Foundations
import Hummingbird
import RegistryClient
import RegistryDomain
import RegistryStorage
import ServiceHTTP

/// `/v1/devices/{id}/firmware` and `/v1/devices/{id}/firmware/retry`.
struct DeviceFirmwareRoutes: Sendable {
  let store: RegistryStore

  func add(to access: RouteAccess) {
    access.reading().get("/v1/devices/{id}/firmware") { request, context in
      try await list(request, RequestReading.device(context))
    }
    access.changingDevice(.deploy, .retryFirmware).post("/v1/devices/{id}/firmware/retry") { request, context in
      try await retry(request, RequestReading.device(context), context.requester)
    }
  }

  private func retry(_ request: Request, _ id: DeviceID, _ requester: Requester) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    let version = try await store.retryFirmware(of: id, by: requester)
    return try Response.json(FirmwareDocument(try await store.firmware(of: id, version: version)), status: .created)
  }

  private func list(_ request: Request, _ id: DeviceID) async throws -> Response {
    let query = try QueryParameters(request, known: ["limit", "cursor"])
    let page = try await store.firmware(of: id, before: query.number("cursor"), limit: query.limit())
    return try Response.json(
      FirmwareListDocument(firmware: page.items.map(FirmwareDocument.init), nextCursor: page.next.map { "\($0)" }))
  }
}
