import FoundationEssentials
import Foundations
import HTTPTypes
import Hummingbird
import NIOCore
import RegistryDomain
import ServiceHTTP
import Wire

/// What handlers read from requests.
enum RequestReading {
  /// The `{id}` of the path.
  static func device(_ context: HTTPContext) throws -> DeviceID {
    try FieldRules.deviceID(try context.parameter("id"))
  }

  /// The JSON object in the body.
  static func document(_ request: Request, allowed: Set<String>) async throws -> RequestDocument {
    try requireJSON(request)
    // The server's own limit guards it.
    let body = try await request.body.collect(upTo: .max)
    return try RequestDocument(Array(body.readableBytesView), allowed: allowed)
  }

  private static func requireJSON(_ request: Request) throws {
    let type = request.headers[.contentType] ?? ""
    let essence = type.prefix { $0 != ";" && $0 != " " }.lowercased()
    guard essence == "application/json" || essence == "application/merge-patch+json" && request.method == .patch else {
      throw ProblemError(
        .unsupportedMediaType, reason: "unsupported-media-type",
        detail: "the body must be JSON: send it with Content-Type: application/json")
    }
  }
}
