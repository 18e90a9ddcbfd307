import Curl
import DeviceProtocol
import FoundationEssentials
import Foundations
import OpenSSL
import TextFormats

/// Requests to a Provisioner, and its refusals.
enum ProvisionerCall {
  private struct Problem: Decodable {
    var title: String?
    var detail: String?
    /// A word for programs, as docs/troubleshooting.md lists them.
    var reason: String?
  }

  private static let maximumResponseBytes = 1 << 20

  /// - Returns: the body of a success.
  static func post(
    _ path: String, _ body: [UInt8], to provisionerURL: String, _ http: HTTPClient
  ) async throws(Enrolment.Refusal) -> [UInt8] {
    let request = HTTPClient.Request(
      "POST", provisionerURL.withoutSlash + path,
      headers: [
        HTTPClient.Header("Content-Type", "application/json"), HTTPClient.Header("Accept", "application/json"),
      ],
      body: .bytes(body), timeouts: HTTPClient.Timeouts(connect: .seconds(5), total: .seconds(30)),
      maximumResponseBytes: maximumResponseBytes)
    let response: HTTPClient.Response
    do throws(CurlError) {
      response = try await http.request(request)
    } catch {
      throw Enrolment.Refusal(description: error.message, isTransient: error.isTransient)
    }
    guard response.isSuccess else {
      let problem = try? JSONCoding.decode(Problem.self, from: Data(response.body))
      let detail = problem?.detail ?? problem?.title ?? "no reason given"
      let reason = problem?.reason.map { " (\($0))" } ?? ""
      throw Enrolment.Refusal(
        description: "the Provisioner refused with \(response.status): \(detail)\(reason)",
        isTransient: response.status >= 500 || response.status == 429)
    }
    return response.body
  }

  /// The first of several Provisioners that does not fail for a while.
  static func post(
    _ path: String, _ body: [UInt8], toOneOf urls: [String], _ http: HTTPClient
  ) async throws(Enrolment.Refusal) -> [UInt8] {
    var last = Enrolment.Refusal(description: "no Provisioner is known", isTransient: false)
    for url in urls {
      do {
        return try await post(path, body, to: url, http)
      } catch {
        last = error
        guard error.isTransient else { throw error }
      }
    }
    throw last
  }
}
