package import DeviceProtocol
package import DeviceStorage
import FirmwareImage
import FoundationEssentials
package import Foundations
import OpenSSL
import RootDocument

/// What a Provisioner gives a device that enrols: its ID in `deviceID`, its `name`, the broker's address in `mqtt`,
/// and base URLs of the image stores and the Provisioners (`imageStoreURLs`, `provisionerURLs`; nil: the one that
/// answered). `heartbeatSeconds` is how often to state what runs; nil: the agent's own choice.
///
/// `certificateChain`, `trustRoots`, `rootDocument` and `otp` are nil for a plain device, which has no certificate.
package struct EnrolmentAnswer: Sendable, Hashable, Codable {
  /// The broker's `host` and `port`.
  package struct Broker: Sendable, Hashable, Codable {
    /// The members' names are those of the enrolment's answer.
    package typealias CodingKeys = BrokerAddressMember

    package var host: String
    package var port: UInt16
  }

  package var deviceID: DeviceID
  package var name: String
  package var mqtt: Broker
  package var imageStoreURLs: [String]
  package var provisionerURLs: [String]?
  package var heartbeatSeconds: UInt32?
  /// PEM: the device's certificate, and the intermediates above it.
  package var certificateChain: String?
  /// PEM: the roots that the device trusts.
  package var trustRoots: String?
  /// The root document that the device begins with, as it was signed, in Base64.
  package var rootDocument: String?
  /// What the device is to burn into its fuses.
  package var otp: OTPProgram?

  private typealias CodingKeys = EnrolmentAnswerMember

  private enum OtherKeys: String, CodingKey {
    /// What an insecure Provisioner may call the ID.
    case device
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    deviceID =
      try fields.decodeIfPresent(DeviceID.self, forKey: .deviceID)
      ?? decoder.container(keyedBy: OtherKeys.self).decode(DeviceID.self, forKey: .device)
    name = try fields.decode(String.self, forKey: .name)
    mqtt = try fields.decode(Broker.self, forKey: .mqtt)
    imageStoreURLs = try fields.decode([String].self, forKey: .imageStoreURLs)
    provisionerURLs = try fields.decodeIfPresent([String].self, forKey: .provisionerURLs)
    heartbeatSeconds = try fields.decodeIfPresent(UInt32.self, forKey: .heartbeatSeconds)
    let chain = try fields.decodeIfPresent(String.self, forKey: .certificateChain)
    certificateChain = chain.flatMap { $0.isEmpty ? nil : $0 }
    trustRoots = try fields.decodeIfPresent(String.self, forKey: .trustRoots)
    rootDocument = try fields.decodeIfPresent(String.self, forKey: .rootDocument)
    otp = certificateChain == nil ? nil : try fields.decodeIfPresent(OTPProgram.self, forKey: .otp)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(deviceID, forKey: .deviceID)
    try fields.encode(name, forKey: .name)
    try fields.encode(mqtt, forKey: .mqtt)
    try fields.encode(imageStoreURLs, forKey: .imageStoreURLs)
    try fields.encodeIfPresent(provisionerURLs, forKey: .provisionerURLs)
    try fields.encodeIfPresent(heartbeatSeconds, forKey: .heartbeatSeconds)
    try fields.encodeIfPresent(certificateChain, forKey: .certificateChain)
    try fields.encodeIfPresent(trustRoots, forKey: .trustRoots)
    try fields.encodeIfPresent(rootDocument, forKey: .rootDocument)
    try fields.encodeIfPresent(otp, forKey: .otp)
  }

  /// Whether the device is to have neither key nor certificate.
  package var isPlain: Bool { certificateChain == nil }

  /// What a device with a certificate keeps and burns: its certificates (`chain`) and the `roots`, both PEM, the first
  /// `rootDocument` as it was signed, and the `program` for its fuses.
  struct Secured: Sendable {
    var chain: String
    var roots: String
    var rootDocument: [UInt8]
    var program: OTPProgram
  }

  /// Checks that all parts of the answer belong together, and to this key: fuses can't be mended.
  func secured(for key: P256.PublicKey, now: Date = Date()) throws -> Secured {
    guard let certificateChain, let trustRoots, let otp,
      let document = rootDocument.flatMap({ Data(base64Encoded: $0) }).map({ Array($0) })
    else { throw InvalidAnswer("the certificate, the roots, the root document or the fuses' program is missing") }
    let chain = try X509Certificate.all(pem: Array(certificateChain.utf8))
    let roots = try X509Certificate.all(pem: Array(trustRoots.utf8))
    try DeviceCertificate.check(chain, of: key, device: deviceID, roots: roots, now: now)
    guard otp.deviceID == deviceID else { throw InvalidAnswer("the fuses' program is another device's") }
    guard try otp.publicKeyHash.lowercased() == Hexadecimal.encode(key.hash) else {
      throw InvalidAnswer("the fuses' program is for another key")
    }
    guard let pin = SHA256Digest(otp.rootDocumentHash),
      let documents = try? RootDocumentChain(pinnedTo: pin, first: document)
    else { throw InvalidAnswer("the root document is not the one that the fuses' program names") }
    let directors = documents.latest.document.directors.map { Hexadecimal.encode($0.bytes) }
    guard directors.contains(otp.directorKey.lowercased()) else {
      throw InvalidAnswer("the root document does not name the director whose key is to be burnt")
    }
    return Secured(chain: certificateChain, roots: trustRoots, rootDocument: document, program: otp)
  }
}

/// An answer of the Provisioner that a device can't be made from.
package struct InvalidAnswer: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ problem: String) { description = problem }
}

/// The certificate that a device presents.
enum DeviceCertificate {
  /// The URI that a device's certificate names it by.
  static func uri(_ device: DeviceID) -> String { "urn:xtblish:device:\(device)" }

  /// - Parameter chain: the device's own first.
  /// - Returns: the first.
  @discardableResult
  static func checkOwner(
    _ chain: [X509Certificate], of key: P256.PublicKey, device: DeviceID
  ) throws -> X509Certificate {
    guard let leaf = chain.first else { throw InvalidAnswer("there is no certificate") }
    guard leaf.subjectPublicKeyInfo == key.subjectPublicKeyInfo else {
      throw InvalidAnswer("the certificate is for another key")
    }
    guard leaf.uris == [uri(device)] else { throw InvalidAnswer("the certificate is not for device \(device)") }
    return leaf
  }

  /// - Parameter chain: the device's own first.
  static func check(
    _ chain: [X509Certificate], of key: P256.PublicKey, device: DeviceID, roots: [X509Certificate], now: Date
  ) throws {
    let leaf = try checkOwner(chain, of: key, device: device)
    // The clock of a device may be far off until it has asked somebody; the certificate was made a moment ago.
    let date = min(max(now, leaf.notBefore), leaf.notAfter)
    do {
      _ = try CertificateVerifier(roots: roots).verify(chain, usage: .client, at: date)
    } catch {
      throw InvalidAnswer("\(error)")
    }
  }
}
