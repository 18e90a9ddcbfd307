package import Curl
import Foundation
import ServiceKit
import TextFormats

/// Sends images to a store and fetches them, for the admin commands.
package struct ImageStoreClient: Sendable {
  /// Called with how many of how many bytes are through.
  package typealias Progress = @Sendable (_ completedBytes: Int, _ totalBytes: Int) -> Void

  let url: String
  let http: HTTPClient

  /// - Parameter url: the store's base, for example `http://127.0.0.1:7121`.
  package init(url: String, http: HTTPClient = HTTPClient()) {
    self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
    self.http = http
  }

  /// Sends a request, and turns a transfer's failure into what the operator is told.
  func send(_ request: HTTPClient.Request) async throws -> HTTPClient.Response {
    try await telling { () async throws(CurlError) in try await http.request(request) }
  }

  func telling<Value>(_ transfer: () async throws(CurlError) -> Value) async throws -> Value {
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

  /// What a server refused, in its own words.
  ///
  /// - Parameter server: what the server is called, for when it has no words.
  static func refusal(_ response: HTTPClient.Response, by server: String = "the image store") -> AdminError {
    struct Problem: Decodable {
      var detail: String?
      var title: String?
      var reason: String?
    }
    let problem = try? JSONCoding.decode(Problem.self, from: response.body)
    var text = problem?.detail ?? problem?.title ?? "\(server) answered with status \(response.status)"
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
