package import Curl
package import ServiceKit
import TextFormats

/// Asks one service over HTTP for an admin command, and turns what goes wrong into what the operator is told.
package struct AdminHTTPClient: Sendable {
  /// The service's base, without a slash at its end.
  package let url: String
  /// For transfers that `send` is not enough for; `telling` turns their failures into words.
  package let http: HTTPClient
  private let service: String

  /// - Parameters:
  ///   - service: what the service is called when it has no words of its own: `the image store`.
  ///   - url: its base, for example `http://127.0.0.1:7121`.
  package init(_ service: String, url: String, http: HTTPClient) {
    self.service = service
    self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
    self.http = http
  }

  /// The same, with what the service is trusted by and what it is shown.
  ///
  /// - Throws: `AdminError` for a token that is none.
  package init(_ service: String, url: String, credentials: HTTPCredentials) throws {
    self.init(service, url: url, http: try HTTPClient(credentials: credentials))
  }

  /// Sends a request, and turns a transfer's failure into what the operator is told.
  package func send(_ request: HTTPClient.Request) async throws -> HTTPClient.Response {
    try await Self.telling { () async throws(CurlError) in try await http.request(request) }
  }

  /// Does a transfer, and turns its failure into what the operator is told.
  package static func telling<Value>(_ transfer: () async throws(CurlError) -> Value) async throws -> Value {
    do throws(CurlError) {
      return try await transfer()
    } catch {
      switch error.code {
      case .cancelled: throw CancellationError()
      case .sourceFailed, .sinkFailed: throw AdminError(error.message, status: .data)
      case .tlsFailed:
        throw AdminError(
          "\(error.message); --ca-file or XTBLISH_CA_FILE names the authority of the server's certificate",
          status: .failure)
      default: throw AdminError(error.message, status: error.isTransient ? .unavailable : .failure)
      }
    }
  }

  /// What the service refused, in its own words.
  package func refusal(_ response: HTTPClient.Response) -> AdminError { Self.refusal(response, by: service) }

  static func refusal(_ response: HTTPClient.Response, by service: String) -> AdminError {
    struct Problem: Decodable {
      var detail: String?
      var title: String?
      var reason: String?
    }
    let problem = try? JSONCoding.decode(Problem.self, from: response.body)
    var text = problem?.detail ?? problem?.title ?? "\(service) answered with status \(response.status)"
    // The server speaks of the header.
    if problem?.reason == "missing-token" { text += "; --token-file or XTBLISH_TOKEN_FILE names the token's file" }
    let status: ExitStatus =
      switch response.status {
      case 401, 403: .permission
      case 429, 503, 504, 507: .temporary
      case 400..<500: .data
      default: .failure
      }
    return AdminError(text, status: status)
  }
}
