package import Curl
import DeviceProtocol
import FoundationEssentials
import Foundations
package import OpenSSL
import TextFormats

/// Asks a Provisioner for an identity.
package struct Enrolment: Sendable {
  /// Why the Provisioner gave no identity; `description` is for people.
  package struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// What it is and what to do about it, and the Provisioner's word for it in brackets if it has one.
    package var description: String
    /// Whether trying again later may help.
    package var isTransient: Bool
  }

  /// How many characters a serial number has.
  package static let serialLengths = 1...DeviceLimit.serialCharacters.value

  private let provisionerURL: String
  private let http: HTTPClient

  package init(provisionerURL: String, http: HTTPClient) {
    self.provisionerURL = provisionerURL.withoutSlash
    self.http = http
  }

  /// Asks for an identity.
  ///
  /// - Parameters:
  ///   - serial: nil: the one in the maker's certificate.
  ///   - key: the device's own; a request for a certificate is made with it, and it stays here. nil: without a
  ///     certificate.
  package func enroll(
    _ credential: EnrolmentCredential, serial: String?, key: P256.PrivateKey?
  ) async throws(Refusal) -> EnrolmentAnswer {
    if let serial {
      guard Self.serialLengths.contains(serial.count), serial.unicodeScalars.allSatisfy({ $0.value > 0x20 }) else {
        throw Refusal(
          description: "a serial number has 1 to \(Self.serialLengths.upperBound) characters and no spaces",
          isTransient: false)
      }
    }
    let body: Data
    do {
      // The Provisioner decides on the name, and takes only the key from the request.
      let request = try key.map { try CertificateRequest(key: $0, commonName: "xtblish device") }
      body = try JSONCoding.encoder().encode(EnrolmentRequestBody(credential, serial: serial, request: request))
    } catch {
      throw Refusal(description: "the request for a certificate can't be made: \(error)", isTransient: false)
    }
    let response = try await ProvisionerCall.post(DeviceRoute.enrolment.rawValue, Array(body), to: provisionerURL, http)
    guard let answer = try? JSONCoding.decode(EnrolmentAnswer.self, from: response) else {
      throw Refusal(
        description: "\(provisionerURL) answered something else than an identity; is it a Provisioner?",
        isTransient: false)
    }
    return answer
  }
}

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
