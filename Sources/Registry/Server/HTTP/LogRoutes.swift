import FirmwareImage
import Foundations
import Hummingbird
import RegistryClient
import RegistryDomain
import RegistryStorage
import ServiceHTTP
import Wire

/// `/v1/devices/{id}/logs`.
struct LogRoutes: Sendable {
  let store: RegistryStore

  func add(to access: RouteAccess) {
    access.reading().get("/v1/devices/{id}/logs") { request, context in
      try await list(request, RequestReading.device(context))
    }
  }

  /// Answers the newest lines, page by page with `cursor`; or those `after` a line, and with `follow` not before
  /// there are some.
  private func list(_ request: Request, _ device: DeviceID) async throws -> Response {
    let parameters = try QueryParameters(
      request, known: ["limit", "cursor", "after", "follow", "level", "text"])
    let after = try parameters.number("after", in: 0...UInt64(Int64.max))
    let cursor = try parameters.number("cursor")
    guard after == nil || cursor == nil else {
      throw RequestFailure(field: "cursor", "can't be given together with after: leave one away")
    }
    let isFollowing = try parameters.flag("follow")
    let query = try LogQuery(
      device: device, position: after.map { .after($0) } ?? (isFollowing ? .after(0) : .newest(before: cursor)),
      minimumLevel: parameters["level"] ?? "", text: parameters["text"] ?? "",
      limit: Int(
        parameters.number("limit", in: 1...UInt64(LogQuery.maximumPageSize)) ?? UInt64(LogQuery.defaultPageSize)))
    let page =
      isFollowing ? try await store.followLog(query, wait: LogQuery.longestWait) : try await store.logLines(query)
    return try Response.json(
      LogListDocument(
        lines: page.lines.map(StoredLogLineDocument.init), lastCursor: page.lastCursor,
        nextCursor: page.hasMore ? page.lines.first.map { "\($0.cursor)" } : nil))
  }
}
