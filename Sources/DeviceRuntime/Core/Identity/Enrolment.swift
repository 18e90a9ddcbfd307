package import Curl
internal import FirmwareImage
internal import FoundationEssentials

/// Asks a Provisioner for an identity.
package struct Enrolment: Sendable {
  /// Why the Provisioner gave none.
  package struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
    /// Whether trying again later may help.
    package var isTransient: Bool
  }

  private struct Request: Encodable {
    var claim: String
    var serial: String
  }

  private struct Response: Decodable {
    struct Broker: Decodable {
      var host: String
      var port: UInt16
    }

    var deviceID: DeviceID
    var name: String
    var mqtt: Broker
    var imageStoreURLs: [String]
    var heartbeatSeconds: UInt32?
  }

  private struct Problem: Decodable {
    var title: String?
    var detail: String?
  }

  package static let serialLengths = 1...64

  private let provisionerURL: String
  private let http: HTTPClient

  package init(provisionerURL: String, http: HTTPClient) {
    self.provisionerURL = provisionerURL.hasSuffix("/") ? String(provisionerURL.dropLast()) : provisionerURL
    self.http = http
  }

  package func enroll(token: String, serial: String) async throws(Refusal) -> DeviceIdentity {
    guard Self.serialLengths.contains(serial.count), serial.unicodeScalars.allSatisfy({ $0.value > 0x20 }) else {
      throw Refusal(description: "a serial number has 1 to 64 characters and no spaces", isTransient: false)
    }
    let response = try await ask(token: token, serial: serial)
    guard let answer = try? JSONDecoder().decode(Response.self, from: Data(response.body)) else {
      throw Refusal(
        description: "\(provisionerURL) answered something else than an identity; is it a Provisioner?",
        isTransient: false)
    }
    return DeviceIdentity(
      device: answer.deviceID, name: answer.name, serial: serial, mqttHost: answer.mqtt.host, mqttPort: answer.mqtt.port,
      imageStoreURLs: answer.imageStoreURLs, provisionerURL: provisionerURL,
      heartbeatSeconds: answer.heartbeatSeconds)
  }

  private func ask(token: String, serial: String) async throws(Refusal) -> HTTPClient.Response {
    guard let body = try? JSONEncoder().encode(Request(claim: token, serial: serial)) else {
      throw Refusal(description: "the claim can't be sent", isTransient: false)
    }
    let request = HTTPClient.Request(
      "POST", provisionerURL + "/v1/enroll",
      headers: [
        HTTPClient.Header("Content-Type", "application/json"), HTTPClient.Header("Accept", "application/json"),
      ],
      body: .bytes(Array(body)), timeouts: HTTPClient.Timeouts(connect: .seconds(5), total: .seconds(30)),
      maximumResponseBytes: 64 * 1024)
    let response: HTTPClient.Response
    do throws(CurlError) {
      response = try await http.request(request)
    } catch {
      throw Refusal(description: error.message, isTransient: error.isTransient)
    }
    guard response.isSuccess else {
      let problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body))
      let detail = problem?.detail ?? problem?.title ?? "no reason given"
      throw Refusal(
        description: "the Provisioner refused with \(response.status): \(detail)", isTransient: response.status >= 500)
    }
    return response
  }
}
