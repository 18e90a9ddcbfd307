package import Curl
import FoundationEssentials
import Foundations
package import Logging
import OpenSSL
import TextFormats

/// Asks somebody else whether a device may enrol, before it is granted.
package struct EnrolmentWebhook: Sendable {
  /// What is known of the device.
  struct Question: Codable, Sendable, Equatable {
    var serial: String
    var product: String
    var group: String
    /// The ID of the claim that it presents; nil: it comes in otherwise.
    var claim: String?
    /// SHA-256 of the SubjectPublicKeyInfo in hexadecimal; nil: it asks for no certificate.
    var publicKeyHash: String?
    var pollingOnly: Bool
  }

  private struct Answer: Decodable {
    var allow: Bool
    var reason: String?
  }

  /// How long an answer is waited for. A device waits as long, and repeats what failed.
  private static let timeout = Duration.seconds(3)
  private static let maximumAnswerBytes = 16 << 10
  private static let reasonLength = 200

  private let url: String
  private let secret: [UInt8]?
  private let http: HTTPClient
  private let logger: Logger

  /// - Parameter secret: shared with the one who is asked, who knows by it that the question is ours.
  package init(url: String, secret: [UInt8]?, http: HTTPClient, logger: Logger) {
    self.url = url
    self.secret = secret
    self.http = http
    self.logger = logger
  }

  /// - Throws: `enrolment-vetoed`, with the reason that was given, or `webhook-unavailable`: without an answer nobody is
  ///   let in.
  func ask(_ question: Question) async throws {
    let body = Array(try JSONCoding.encoder().encode(question))
    var headers = [
      HTTPClient.Header("Content-Type", "application/json"), HTTPClient.Header("Accept", "application/json"),
    ]
    if let secret {
      let code = Hexadecimal.encode(try authenticationCode(of: body, secret: secret))
      headers.append(HTTPClient.Header("X-Xtblish-Signature", "sha256=\(code)"))
    }
    let response: HTTPClient.Response
    do throws(CurlError) {
      response = try await http.request(
        HTTPClient.Request(
          "POST", url, headers: headers, body: .bytes(body),
          timeouts: HTTPClient.Timeouts(connect: Self.timeout, total: Self.timeout),
          maximumResponseBytes: Self.maximumAnswerBytes))
    } catch {
      throw unavailable(question, "\(error)")
    }
    guard response.isSuccess else { throw unavailable(question, "it answered with status \(response.status)") }
    let type = (response["Content-Type"] ?? "").prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    guard type == "application/json" || type.hasSuffix("+json") else {
      throw unavailable(question, "it answered something else than application/json")
    }
    guard let answer = try? JSONCoding.decode(Answer.self, from: Data(response.body)) else {
      throw unavailable(question, "its answer is not of the form {\"allow\": true}")
    }
    guard answer.allow else { throw veto(answer.reason ?? "") }
  }

  private func veto(_ reason: String) -> RequestFailure {
    var text = ""
    text.unicodeScalars.append(
      contentsOf: reason.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        .prefix(Self.reasonLength))
    return RequestFailure(
      .permissionDenied, reason: "enrolment-vetoed",
      message: "the operator's system does not let this device enrol\(text.isEmpty ? "" : ": \(text)")")
  }

  /// The answer for a device whose question got none. The log has the cause; devices need not know what is behind the
  /// Provisioner.
  private func unavailable(_ question: Question, _ cause: String) -> RequestFailure {
    logger.error(
      "the webhook that decides on enrolments gave no answer",
      metadata: ["serial": "\(question.serial)", "error": "\(cause)"])
    return RequestFailure(
      .unavailable, reason: "webhook-unavailable",
      message: "the system that decides on enrolments gave no answer: repeat the same request later",
      retryAfterMilliseconds: 5000)
  }
}
