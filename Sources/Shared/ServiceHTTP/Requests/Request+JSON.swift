import Foundation
package import Hummingbird
import NIOCore
import TextFormats

extension Request {
  /// The body as JSON.
  ///
  /// - Throws: `ProblemError` 415 when the client says that it is something else, 413 when it is too large, 400 with
  ///   the name of the field when it is not what `Value` takes.
  package func decodeJSON<Value: Decodable>(_: Value.Type) async throws -> Value {
    if let type = headers[.contentType] {
      let essence = type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
      guard essence == "application/json" || essence.hasSuffix("+json") else {
        throw ProblemError(
          .unsupportedMediaType, reason: "unsupported-media-type",
          detail: "the body is \(essence), but this route takes application/json")
      }
    }
    // The gate around the body has the real bound.
    let bytes = try await body.collect(upTo: .max)
    guard bytes.readableBytes > 0 else {
      throw ProblemError(.badRequest, reason: "invalid-body", detail: "the body is empty; send a JSON object")
    }
    return try JSONCoding.decode(Value.self, from: Array(bytes.readableBytesView))
  }
}

extension Response {
  /// A response with a JSON body: keys in order, times in ISO 8601.
  package static func json(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) throws -> Response {
    var headers = headers
    headers[.contentType] = "application/json; charset=utf-8"
    let bytes = try JSONCoding.encoder().encode(value)
    return Response(status: status, headers: headers, body: .shared(ByteBuffer(bytes: bytes)))
  }

  /// A response with a problem document.
  package static func problem(_ problem: ProblemError) -> Response {
    var headers = problem.headers
    headers[.contentType] = ProblemDocument.contentType
    return Response(
      status: problem.document.status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: problem.document.encoded())))
  }
}
