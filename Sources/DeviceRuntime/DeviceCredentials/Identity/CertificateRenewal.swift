import Curl
import DeviceProtocol
import DeviceStorage
import FoundationEssentials
import Foundations
import OpenSSL
import TextFormats

/// Gets the device's key a new certificate before the old one ends. The key stays: the fuses hold its hash.
///
/// A certificate that came and can't be taken, because the clock is far off or the flash fails, is kept and tried again.
/// Asking for another would be answered with as little success, and every device may have only so many.
actor CertificateRenewal {
  private struct Request: Encodable {
    typealias CodingKeys = RenewalRequestMember

    var certificateRequest: String
  }

  private struct Answer: Codable {
    typealias CodingKeys = RenewalAnswerMember

    var certificateChain: String
    var trustRoots: String?
    /// The certificate says it too.
    var notAfter: String?
  }

  let files: IdentityFiles
  let device: DeviceID
  /// Base URLs of Provisioners.
  let urls: [String]
  /// Presents the present certificate.
  let http: HTTPClient
  /// What was answered and could not be taken yet, on the flash too where that lets it.
  private var kept: Answer?
  private var keptSince = ContinuousClock.now
  private nonisolated let executor = BlockingExecutor(label: "certificate-renewal")

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(files: IdentityFiles, device: DeviceID, urls: [String], http: HTTPClient) {
    self.files = files
    self.device = device
    self.urls = urls
    self.http = http
  }

  /// When the present certificate is to be renewed.
  func schedule() throws -> RenewalSchedule {
    guard let leaf = try files.chain().first else { throw IdentityError.unreadable("there is no certificate") }
    return RenewalSchedule(notBefore: leaf.notBefore, notAfter: leaf.notAfter)
  }

  /// However wrong a clock is, it is put right in this time, or somebody should be asked again.
  private static let longestKept = Duration.seconds(24 * 3600)

  /// Asks for a new certificate, or takes the one that came and could not be taken before, and puts it in the place of
  /// the old one, which is good until that very moment.
  ///
  /// - Throws: `Enrolment.Refusal`, `InvalidAnswer` for something that is no certificate of this device, or an error of
  ///   the flash. The old certificate is still there then.
  func renew() async throws {
    guard let key = try files.key() else { throw IdentityError.unreadable("the device's key is not there") }
    // One that can't be read is asked for again, and the answer is the same.
    if kept == nil, let stored = try? files.renewal() {
      kept = try? JSONCoding.decode(Answer.self, from: stored)
      keptSince = .now
    }
    if let kept, .now - keptSince < Self.longestKept {
      try take(kept, key)
      return
    }
    let answer = try await ask(key)
    (kept, keptSince) = (answer, .now)
    // Without it a restart asks again.
    try? files.saveRenewal(Array(try JSONCoding.encoder().encode(answer)))
    try take(answer, key)
  }

  private func ask(_ key: P256.PrivateKey) async throws -> Answer {
    let request = try CertificateRequest(key: key, commonName: "\(device)")
    let body = try JSONCoding.encoder().encode(Request(certificateRequest: Data(request.der).base64EncodedString()))
    let response = try await ProvisionerCall.post(DeviceRoute.renewal.rawValue, Array(body), toOneOf: urls, http)
    guard let answer = try? JSONCoding.decode(Answer.self, from: response) else {
      throw InvalidAnswer("the Provisioner answered something else than a certificate")
    }
    return answer
  }

  private func take(_ answer: Answer, _ key: P256.PrivateKey) throws {
    let given = answer.trustRoots.flatMap { $0.isEmpty ? nil : $0 }
    let chain: [X509Certificate]
    let roots: [X509Certificate]
    do {
      chain = try X509Certificate.all(pem: Array(answer.certificateChain.utf8))
      roots = try given.map { try X509Certificate.all(pem: Array($0.utf8)) } ?? files.roots()
      try DeviceCertificate.checkOwner(chain, of: key.publicKey, device: device)
    } catch let error as FlashError {
      throw error
    } catch let error as IdentityError {
      throw error
    } catch {
      // No clock and no flash makes this one right.
      forget()
      throw error
    }
    try DeviceCertificate.check(chain, of: key.publicKey, device: device, roots: roots, now: Date())
    try files.save(chain: answer.certificateChain, roots: given ?? roots.map { try $0.pem }.joined())
    forget()
  }

  private func forget() {
    kept = nil
    // One that comes back after a power cut is taken once more, and changes nothing.
    try? files.removeRenewal()
  }
}
