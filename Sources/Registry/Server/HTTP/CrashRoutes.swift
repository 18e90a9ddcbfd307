import FirmwareImage
import Foundations
import Hummingbird
import RegistryClient
import RegistryDomain
import RegistryStorage
import ServiceHTTP
import Wire

/// `/v1/crashes`, `/v1/crashes/{number}` and `/v1/devices/{id}/crashes`.
struct CrashRoutes: Sendable {
  let store: RegistryStore

  func add(to access: RouteAccess) {
    access.reading().get("/v1/crashes") { request, _ in try await list(request, nil) }
    access.reading().get("/v1/crashes/{number}") { request, context in
      try await show(request, context.parameter("number"))
    }
    access.reading().get("/v1/devices/{id}/crashes") { request, context in
      try await list(request, RequestReading.device(context))
    }
  }

  private func list(_ request: Request, _ device: DeviceID?) async throws -> Response {
    let query = try QueryParameters(request, known: ["limit", "cursor", "app", "grouped"])
    let page = try await store.crashes(
      of: device, app: query["app"], before: query.number("cursor"), grouped: query.flag("grouped"),
      limit: query.limit())
    return try Response.json(
      CrashListDocument(
        crashes: page.items.map { CrashDocument($0, isWhole: false) }, nextCursor: page.next.map { "\($0)" }))
  }

  private func show(_ request: Request, _ text: String) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    guard let number = UInt64(text), (1...UInt64(Int64.max)).contains(number), "\(number)" == text else {
      throw RequestFailure(field: "number", "is not a whole number from 1 to \(Int64.max)")
    }
    return try Response.json(CrashDocument(try await store.crash(number), isWhole: true))
  }
}
