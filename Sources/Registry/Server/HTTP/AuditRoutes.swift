import Authorization
import FoundationEssentials
import Foundations
import Hummingbird
import RegistryClient
import RegistryDomain
import RegistryStorage
import ServiceHTTP
import TextFormats
import Wire

/// `/v1/audit`.
struct AuditRoutes: Sendable {
  let store: RegistryStore

  func add(to access: RouteAccess) {
    access.reading(.admin).get("/v1/audit") { request, _ in try await list(request) }
  }

  private func list(_ request: Request) async throws -> Response {
    let query = try QueryParameters(
      request, known: ["limit", "cursor", "principal", "action", "target", "since", "until"])
    let filter = try AuditFilter(
      principal: query["principal"] ?? "", action: query["action"] ?? "", target: query["target"] ?? "",
      since: query.time("since"), until: query.time("until"))
    let page = try await store.audit(filter, before: query.number("cursor"), limit: query.limit())
    return try Response.json(
      AuditListDocument(entries: page.items.map(AuditDocument.init), nextCursor: page.next.map { "\($0)" }))
  }
}

extension QueryParameters {
  /// A time in ISO 8601.
  fileprivate func time(_ name: String) throws(RequestFailure) -> Date? {
    guard let text = self[name] else { return nil }
    guard let date = JSONCoding.date(text) else {
      throw RequestFailure(field: name, "is not a time in ISO 8601 such as 2026-11-22T14:06:00Z")
    }
    return date
  }
}
