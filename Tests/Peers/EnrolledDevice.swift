import Curl
import Foundation
import OpenSSL
import TestSupport

/// A device that enrolled: what it was told, and its certificate in files. It reads the answers by their names in JSON, as
/// devices that others build do.
struct EnrolledDevice {
  struct Identity: Decodable {
    struct Broker: Decodable {
      var host: String
      var port: Int
    }

    struct Fuses: Codable {
      var deviceID: String
      var publicKeyHash: String
      var directorKey: String
      var rootDocumentHash: String
      var publisherSignatureRequired: Bool
      var securityEpoch: UInt32
      var provisioned: Bool?
      var lockedWords: [Int]?
    }

    var deviceID: String
    var name: String
    var mqtt: Broker
    var imageStoreURLs: [String]
    var provisionerURLs: [String]
    var heartbeatSeconds: Int
    var certificateChain: String
    var trustRoots: String
    var rootDocument: Data
    var otp: Fuses
  }

  struct Renewal: Decodable {
    var certificateChain: String
    var trustRoots: String
  }

  let key: P256.PrivateKey
  let identity: Identity
  let tls: HTTPTLS
  private let folder: TemporaryFolder

  /// - Parameter answer: to its enrolment.
  init(_ key: P256.PrivateKey, _ answer: [UInt8], caFile: String) throws {
    self.key = key
    identity = try JSONDecoder().decode(Identity.self, from: Data(answer))
    folder = try TemporaryFolder("xtblish-enrolled")
    try writeFile(folder.path("device.pem"), identity.certificateChain)
    try writeFile(folder.path("device.key"), String(decoding: try key.pem(), as: UTF8.self))
    tls = HTTPTLS(
      caFile: caFile, certificateFile: folder.path("device.pem"), keyFile: folder.path("device.key"))
  }

  /// The device's own certificate of a chain, PEM, that leads to the roots that it was told.
  func verifiedLeaf(of chain: String) throws -> X509Certificate {
    let roots = try X509Certificate.all(pem: Array(identity.trustRoots.utf8))
    let certificates = try X509Certificate.all(pem: Array(chain.utf8))
    return try CertificateVerifier(roots: roots, lists: nil).verify(certificates, usage: .client, at: Date())
      .certificate
  }

  /// What it says when its fuses hold what they are to hold, JSON.
  func fuseReport() throws -> [UInt8] {
    var fuses = identity.otp
    fuses.provisioned = true
    fuses.lockedWords = []
    return Array(try JSONEncoder().encode(fuses))
  }
}
