import Authorization
import Foundations
import Hummingbird
import RegistryClient
import RegistryDomain
import RegistryStorage
import ServiceHTTP

/// `/v1/devices/{id}/firmware`, `/v1/devices/{id}/firmware/retry` and `/v1/devices/{id}/firmware/{version}/trace`.
struct DeviceFirmwareRoutes: Sendable {
  let store: RegistryStore

  func add(to access: RouteAccess) {
    access.reading().get("/v1/devices/{id}/firmware") { request, context in
      try await list(request, RequestReading.device(context))
    }
    access.reading().get("/v1/devices/{id}/firmware/{version}/trace") { request, context in
      try await trace(request, RequestReading.device(context), context.parameter("version"))
    }
    access.changingDevice(.deploy, .retryFirmware).post("/v1/devices/{id}/firmware/retry") { request, context in
      try await retry(request, RequestReading.device(context), context.requester)
    }
  }

  private func trace(_ request: Request, _ id: DeviceID, _ text: String) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    guard let version = UInt64(text), (1...UInt64(Int64.max)).contains(version), "\(version)" == text else {
      throw RequestFailure(field: "version", "is not a whole number from 1 to \(Int64.max)")
    }
    return try Response.json(DeploymentTraceDocument(try await store.timeline(of: id, version: version)))
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
