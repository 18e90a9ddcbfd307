package import Curl
package import FirmwareImage
internal import FoundationEssentials
internal import OpenSSL
import ServiceKit

/// Gets the device's key a new certificate before the old one ends. The key stays: the fuses hold its hash.
package actor CertificateRenewal {
  private struct Request: Encodable {
    var certificateRequest: String
  }

  private struct Answer: Decodable {
    var certificateChain: String
    var trustRoots: String?
  }

  let files: IdentityFiles
  let device: DeviceID
  /// Base URLs of Provisioners.
  let urls: [String]
  /// Presents the present certificate.
  let http: HTTPClient
  private nonisolated let executor = BlockingExecutor(label: "certificate-renewal")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(files: IdentityFiles, device: DeviceID, urls: [String], http: HTTPClient) {
    self.files = files
    self.device = device
    self.urls = urls
    self.http = http
  }

  package func schedule() throws -> RenewalSchedule {
    guard let leaf = try files.chain().first else { throw IdentityError.unreadable("there is no certificate") }
    return RenewalSchedule(notBefore: leaf.notBefore, notAfter: leaf.notAfter)
  }

  /// Asks for a new certificate and puts it in the place of the old one, which is good until that very moment.
  ///
  /// - Throws: `Enrolment.Refusal`, `InvalidAnswer` for something that is no certificate of this device, or an error of
  ///   the flash. The old certificate is still there then.
  package func renew() async throws {
    guard let key = try files.key() else { throw IdentityError.unreadable("the device's key is not there") }
    let request = try CertificateRequest(key: key, commonName: "\(device)")
    let body = try JSONEncoder().encode(Request(certificateRequest: Data(request.der).base64EncodedString()))
    let response = try await ProvisionerCall.post("/v1/renew", Array(body), toOneOf: urls, http)
    guard let answer = try? JSONCoding.decode(Answer.self, from: response) else {
      throw InvalidAnswer("the Provisioner answered something else than a certificate")
    }
    let chain = try X509Certificate.all(pem: Array(answer.certificateChain.utf8))
    let given = answer.trustRoots.flatMap { $0.isEmpty ? nil : $0 }
    let roots = try given.map { try X509Certificate.all(pem: Array($0.utf8)) } ?? files.roots()
    try DeviceCertificate.check(chain, of: key.publicKey, device: device, roots: roots, now: Date())
    try files.save(chain: answer.certificateChain, roots: given ?? roots.map { try $0.pem }.joined())
  }
}
