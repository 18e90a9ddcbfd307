import Authorization
import FoundationEssentials
import Foundations
import HTTPTypes
import Hummingbird
import RegistryClient
import RegistryDomain
import RegistryStorage
import ServiceHTTP
import Wire

/// `/v1/devices` and `/v1/devices/{id}`.
struct DeviceRoutes: Sendable {
  let store: RegistryStore

  func add(to access: RouteAccess) {
    access.changing(.operate, .createDevice).post("/v1/devices") { request, context in
      try await create(request, context.requester)
    }
    access.reading().get("/v1/devices") { request, _ in try await list(request) }
    access.reading().get("/v1/devices/{id}") { request, context in
      try await show(request, RequestReading.device(context))
    }
    access.changingDevice(.operate, .updateDevice).patch("/v1/devices/{id}") { request, context in
      try await update(request, RequestReading.device(context), context.requester)
    }
    access.changingDevice(.operate, .deleteDevice).delete("/v1/devices/{id}") { request, context in
      try await delete(request, RequestReading.device(context), context.requester)
    }
    access.changingDevice(.operate, .decommissionDevice).post("/v1/devices/{id}/decommission") { request, context in
      try await decommission(request, RequestReading.device(context), context.requester)
    }
  }

  private func create(_ request: Request, _ requester: Requester) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    let body = try await RequestReading.document(request, allowed: ["id", "name", "tags", "serial"])
    guard let name = try body.string("name") else {
      throw RequestFailure(field: "name", "is missing: every device has one")
    }
    let id = try body.string("id").map(FieldRules.deviceID)
    let new = try NewDevice(
      id: id, name: name, tags: body.strings("tags") ?? [],
      serial: FieldRules.newSerial(body.string("serial") ?? ""))
    let (device, isNew) = try await store.createDevice(new, by: requester)
    return try Response.json(
      DeviceDocument(device), status: isNew ? .created : .ok,
      headers: isNew ? [.location: "/v1/devices/\(device.id)"] : [:])
  }

  private func list(_ request: Request) async throws -> Response {
    let query = try QueryParameters(
      request, known: ["limit", "cursor", "namePrefix", "tag", "state", "health", "reference"], repeatable: ["tag"])
    if let reference = query["reference"] { return try await listMeant(by: reference, query) }
    let page = try await store.devices(
      DeviceFilter(
        namePrefix: query["namePrefix"] ?? "", tags: query.all("tag"), state: query["state"] ?? "",
        health: query["health"] ?? ""),
      after: query["cursor"].map { text throws(RequestFailure) in try DeviceCursor(text) }, limit: query.limit())
    return try Response.json(
      DeviceListDocument(devices: page.items.map(DeviceDocument.init), nextCursor: page.next?.text))
  }

  /// The devices that a person may mean by a name, an ID or the beginning of one: one, if it is unambiguous.
  private func listMeant(by reference: String, _ query: QueryParameters) async throws -> Response {
    for other in ["cursor", "namePrefix", "tag", "state", "health"] where query[other] != nil {
      throw RequestFailure(field: other, "goes with no reference: that names devices by itself")
    }
    let limit = min(try query.limit(), RegistryStore.maximumFound)
    var devices: [DeviceDocument] = []
    for found in try await store.devices(meantBy: reference, limit: limit).devices {
      devices.append(DeviceDocument(try await store.device(found.id)))
    }
    return try Response.json(DeviceListDocument(devices: devices, nextCursor: nil))
  }

  private func show(_ request: Request, _ id: DeviceID) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    return try Response.json(DeviceDocument(try await store.device(id)))
  }

  private func update(_ request: Request, _ id: DeviceID, _ requester: Requester) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    let body = try await RequestReading.document(request, allowed: ["name", "tags", "revision"])
    let device = try await store.updateDevice(
      id, name: body.string("name"), tags: body.strings("tags"), ifRevision: body.positiveInteger("revision"),
      by: requester)
    return try Response.json(DeviceDocument(device))
  }

  private func delete(_ request: Request, _ id: DeviceID, _ requester: Requester) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    try await store.deleteDevice(id, by: requester)
    return Response(status: .noContent)
  }

  private func decommission(_ request: Request, _ id: DeviceID, _ requester: Requester) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    let body = try await RequestReading.document(request, allowed: ["reason"])
    guard let reason = try body.string("reason") else {
      throw RequestFailure(field: "reason", "is missing: say why, for those who ask later")
    }
    return try Response.json(DeviceDocument(try await store.decommission(id, reason: reason, by: requester)))
  }
}
