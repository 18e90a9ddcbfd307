import Foundation
import Hummingbird
import Logging
import ServiceHTTP
import ServiceKit
import TestSupport

/// A listening server for one test.
func withServer<T: Sendable>(
  limits: HTTPLimits = .standard, logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
  routes: (Router<HTTPContext>) -> Void, _ body: (Int) async throws -> T
) async throws -> T {
  let router = makeRouter()
  routes(router)
  let service = makeHTTPService(
    name: "test", listen: ListenAddress(host: "127.0.0.1", port: 0), router: router, limits: limits, logger: logger)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await service.run() }
    defer { group.cancelAll() }
    let port = try await service.boundPort
    return try await allowingBlockingCalls { try await body(port) }
  }
}

/// A response as it came over the wire.
struct RawResponse {
  let status: Int
  let headers: [String: String]
  let body: String

  /// - Parameter bytes: one whole response, or several of which the first is taken.
  init(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { throw TestFailure("not a response: \(text.prefix(500))") }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    let parts = lines[0].split(separator: " ")
    guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
      throw TestFailure("not a status line: \(lines[0])")
    }
    self.status = status
    headers = Dictionary(
      lines.dropFirst().compactMap { line in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
      }, uniquingKeysWith: { $1 })
    body = String(text[end.upperBound...])
  }

  /// The body as a JSON object.
  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
  }

  /// Whether it says what is wrong in the way all errors of the project do.
  var isProblem: Bool {
    headers["content-type"] == "application/problem+json" && json["status"] as? Int == status
      && json["title"] is String && (json["detail"] as? String)?.isEmpty == false && json["type"] is String
  }
}

/// Sends bytes and returns the response that they get. The connection is closed by the request or by the server.
func exchange(_ port: Int, _ bytes: [UInt8]) throws -> RawResponse {
  let client = try RawTCPClient(port: port)
  try? client.send(bytes)
  return try RawResponse(client.receiveToEnd())
}

func exchange(_ port: Int, _ text: String) throws -> RawResponse { try exchange(port, Array(text.utf8)) }

/// A request without a body, after which the connection closes.
func get(_ port: Int, _ target: String, method: String = "GET", headers: String = "") throws -> RawResponse {
  try exchange(port, "\(method) \(target) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(headers)\r\n")
}

/// A request with a JSON body.
func post(_ port: Int, _ target: String, _ body: String, headers: String = "") throws -> RawResponse {
  try exchange(
    port,
    """
    POST \(target) HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\
    \(headers)\r\n\(body)
    """)
}
