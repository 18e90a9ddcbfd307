package import Curl
import DeviceProtocol
import FoundationEssentials
import Foundations
import OpenSSL

/// How a device that has nothing yet knows that a Provisioner is the right one.
package enum ProvisionerTrust {
  /// How to connect to a Provisioner before the device has an identity.
  ///
  /// - Parameters:
  ///   - caFile: the roots, PEM; nil: a claim's fingerprint says which root counts, and without one the operating
  ///     system's authorities do.
  ///   - isInsecure: whether http is good enough.
  package static func tls(
    for provisionerURL: String, _ credential: EnrolmentCredential, caFile: String?, isInsecure: Bool,
    proxy: HTTPClient.Proxy? = nil
  ) async throws(Enrolment.Refusal) -> HTTPTLS {
    guard provisionerURL.lowercased().hasPrefix("https://") else {
      guard isInsecure else {
        throw Enrolment.Refusal(
          description: """
            \(provisionerURL) is not an https URL, and a claim is a secret: correct the URL; or, for a test on one \
            machine, enrol with --insecure
            """, isTransient: false)
      }
      return .system
    }
    if let caFile { return HTTPTLS(caFile: caFile) }
    guard let fingerprint = credential.fingerprint else { return .system }
    return HTTPTLS(caPEM: try await root(fingerprint, of: provisionerURL, proxy))
  }

  /// Asks whoever answers at that URL for its roots, and believes only the one with the fingerprint.
  private static func root(
    _ fingerprint: [UInt8], of provisionerURL: String, _ proxy: HTTPClient.Proxy?
  ) async throws(Enrolment.Refusal) -> [UInt8] {
    let http = HTTPClient(HTTPClient.Configuration(tls: .unverified, proxy: proxy))
    defer { http.close() }
    let request = HTTPClient.Request(
      "GET", provisionerURL.withoutSlash + DeviceRoute.trustRoots.rawValue,
      timeouts: HTTPClient.Timeouts(connect: .seconds(5), total: .seconds(15)), maximumResponseBytes: 1 << 20)
    let response: HTTPClient.Response
    do throws(CurlError) {
      response = try await http.request(request)
    } catch {
      throw Enrolment.Refusal(description: error.message, isTransient: error.isTransient)
    }
    guard response.isSuccess else {
      throw Enrolment.Refusal(
        description: "\(request.url) answered \(response.status); is it a Provisioner?",
        isTransient: response.status >= 500)
    }
    let found = (try? X509Certificate.all(pem: response.body))?.first { certificate in
      (try? certificate.fingerprint)?.starts(with: fingerprint) ?? false
    }
    guard let root = try? found?.pem else {
      throw Enrolment.Refusal(
        description: """
          the server at \(provisionerURL) does not have the root certificate that the claim names: somebody else may \
          answer there, or the claim is another Provisioner's. Name the right root with --ca-file
          """, isTransient: false)
    }
    return Array(root.utf8)
  }
}
