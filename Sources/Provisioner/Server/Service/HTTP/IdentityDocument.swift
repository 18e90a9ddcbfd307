import DeviceEnrolment
import FoundationEssentials
import Foundations
import ProvisionerDomain

/// What a device is told when it enrols.
struct IdentityDocument: Codable, Sendable {
  struct Broker: Codable, Sendable {
    var host: String
    var port: Int
  }

  /// Bytes in hexadecimal.
  struct OTP: Codable, Sendable {
    var deviceID: String
    /// Absent for a device without a certificate.
    var publicKeyHash: String?
    var directorKey: String
    var rootDocumentHash: String
    var publisherSignatureRequired: Bool
    var securityEpoch: UInt32
  }

  var deviceID: String
  var name: String
  var mqtt: Broker
  var imageStoreURLs: [String]
  var provisionerURLs: [String]
  var heartbeatSeconds: Int
  var certificateChain: String?
  var trustRoots: String?
  var rootDocument: Data?
  var otp: OTP?
  var pollingToken: String?

  init(_ identity: Identity) {
    deviceID = identity.device.description
    name = identity.name
    mqtt = Broker(host: identity.endpoints.mqttHost, port: identity.endpoints.mqttPort)
    imageStoreURLs = identity.endpoints.imageStoreURLs
    provisionerURLs = identity.endpoints.provisionerURLs
    heartbeatSeconds = identity.endpoints.heartbeatSeconds
    certificateChain = identity.certificateChain
    trustRoots = identity.trustRoots
    rootDocument = identity.rootDocument.map { Data($0) }
    otp = identity.otp.map(OTP.init)
    pollingToken = identity.pollingToken?.text
  }
}

extension IdentityDocument.OTP {
  init(_ program: OTPAssignment) {
    self.init(
      deviceID: program.device.description, publicKeyHash: program.publicKeyHash.map { Hexadecimal.encode($0) },
      directorKey: Hexadecimal.encode(program.record.directorKey),
      rootDocumentHash: Hexadecimal.encode(program.record.rootDocumentHash),
      publisherSignatureRequired: program.record.isPublisherSignatureRequired,
      securityEpoch: program.record.securityEpoch)
  }
}
