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
