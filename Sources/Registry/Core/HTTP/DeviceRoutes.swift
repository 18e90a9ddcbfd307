import FirmwareImage
import FoundationEssentials
import HTTPTypes
import Hummingbird
import ServiceHTTP
import Wire

/// `/v1/devices` and `/v1/devices/{id}`.
struct DeviceRoutes: Sendable {
  let store: RegistryStore

  func add(to router: Router<HTTPContext>) {
    router.post("/v1/devices") { request, _ in try await create(request) }
    router.get("/v1/devices") { request, _ in try await list(request) }
    router.get("/v1/devices/{id}") { request, context in
      try await show(request, RequestReading.device(context))
    }
    router.patch("/v1/devices/{id}") { request, context in
      try await update(request, RequestReading.device(context))
    }
    router.delete("/v1/devices/{id}") { request, context in
      try await delete(request, RequestReading.device(context))
    }
  }

  private func create(_ request: Request) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    let body = try await RequestReading.document(request, allowed: ["id", "name", "tags", "serial"])
    guard let name = try body.string("name") else {
      throw WireFailure.invalidField("name", "is missing: every device has one")
    }
    let id = try body.string("id").map(FieldRules.deviceID)
    let new = try RegistryStore.NewDevice(
      id: id, name: name, tags: body.strings("tags") ?? [], serial: body.string("serial") ?? "")
    let (device, isNew) = try await store.createDevice(new)
    return try Response.json(
      DeviceDocument(device), status: isNew ? .created : .ok,
      headers: isNew ? [.location: "/v1/devices/\(device.id)"] : [:])
  }

  private func list(_ request: Request) async throws -> Response {
    let query = try QueryParameters(request, known: ["limit", "cursor", "namePrefix", "tag", "state"])
    let page = try await store.devices(
      DeviceFilter(namePrefix: query["namePrefix"] ?? "", tag: query["tag"] ?? "", state: query["state"] ?? ""),
      after: query["cursor"].map { text throws(WireFailure) in try DeviceCursor(text) }, limit: query.limit())
    return try Response.json(
      DeviceListDocument(devices: page.items.map(DeviceDocument.init), nextCursor: page.next?.text))
  }

  private func show(_ request: Request, _ id: DeviceID) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    return try Response.json(DeviceDocument(try await store.device(id)))
  }

  private func update(_ request: Request, _ id: DeviceID) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    let body = try await RequestReading.document(request, allowed: ["name", "tags", "revision"])
    let device = try await store.updateDevice(
      id, name: body.string("name"), tags: body.strings("tags"), ifRevision: body.positiveInteger("revision"))
    return try Response.json(DeviceDocument(device))
  }

  private func delete(_ request: Request, _ id: DeviceID) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    try await store.deleteDevice(id)
    return Response(status: .noContent)
  }
}
