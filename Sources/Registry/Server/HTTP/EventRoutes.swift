import Foundations
import Hummingbird
import RegistryClient
import RegistryDomain
import RegistryStorage
import ServiceHTTP

/// `/v1/events` and `/v1/devices/{id}/events`.
struct EventRoutes: Sendable {
  let store: RegistryStore

  func add(to access: RouteAccess) {
    access.reading().get("/v1/events") { request, _ in try await list(request, nil) }
    access.reading().get("/v1/devices/{id}/events") { request, context in
      try await list(request, RequestReading.device(context))
    }
  }

  /// Answers events newest first, page by page with `cursor`; or oldest first `after` an event, to follow what
  /// happens.
  private func list(_ request: Request, _ device: DeviceID?) async throws -> Response {
    let query = try QueryParameters(request, known: ["limit", "cursor", "after"])
    let limit = try query.limit()
    let cursor = try query.number("cursor")
    if let after = try query.number("after", in: 0...UInt64(Int64.max)) {
      let events = try await store.events(of: device, .after(after, before: cursor), limit: limit)
      return try Response.json(EventListDocument(events: events.map(EventDocument.init), nextCursor: nil))
    }
    // One more than asked for tells whether there is another page.
    let events = try await store.events(of: device, .before(cursor), limit: limit + 1)
    let page = events.prefix(limit)
    return try Response.json(
      EventListDocument(
        events: page.map(EventDocument.init), nextCursor: events.count > limit ? page.last.map { "\($0.id)" } : nil))
  }
}
