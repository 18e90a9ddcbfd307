import DeviceEnrolment
import Foundation
import Foundations
import ProvisionerDomain
import SwiftProtobuf
import Wire

extension WireClaim {
  init(_ claim: Claim) {
    self.init()
    id = Data(claim.id.bytes)
    count = UInt32(clamping: claim.count)
    used = UInt32(clamping: claim.used)
    product = claim.product
    group = claim.group
    tags = claim.tags
    serials = claim.serials
    namePrefix = claim.namePrefix
    createdAt = Google_Protobuf_Timestamp(date: claim.createdAt)
    expiresAt = Google_Protobuf_Timestamp(date: claim.expiresAt)
    revoked = claim.isRevoked
  }
}

extension WireEnrolment {
  init(_ use: ClaimUse) {
    self.init()
    serial = use.serial
    deviceID = Data(use.device.bytes)
    name = use.name
    state = use.state.rawValue
    at = Google_Protobuf_Timestamp(date: use.at)
  }
}

extension EnrolmentRequest {
  init(_ wire: WireEnrollDevice) {
    self.init(
      claim: wire.token, serial: wire.serial, certificateRequest: Array(wire.certificateRequest),
      isPollingOnly: wire.pollingOnly,
      factoryProof: wire.factoryCertificate.isEmpty
        ? nil : FactoryProof(certificates: wire.factoryCertificate, signature: Array(wire.factorySignature)))
  }
}

extension WireEnrollDeviceResponse {
  init(_ identity: Identity) {
    self.init()
    deviceID = Data(identity.device.bytes)
    name = identity.name
    mqttHost = identity.endpoints.mqttHost
    mqttPort = UInt32(clamping: identity.endpoints.mqttPort)
    imageStoreUrls = identity.endpoints.imageStoreURLs
    provisionerUrls = identity.endpoints.provisionerURLs
    heartbeatSeconds = UInt32(clamping: identity.endpoints.heartbeatSeconds)
    certificateChain = identity.certificateChain ?? ""
    trustRoots = identity.trustRoots ?? ""
    rootDocument = Data(identity.rootDocument ?? [])
    if let program = identity.otp { otp = WireOTPProgram(program) }
    pollingToken = identity.pollingToken?.text ?? ""
  }
}

extension WireOTPProgram {
  init(_ program: OTPAssignment) {
    self.init()
    deviceID = Data(program.device.bytes)
    publicKeyHash = Data(program.publicKeyHash ?? [])
    directorKey = Data(program.record.directorKey)
    rootDocumentHash = Data(program.record.rootDocumentHash)
    publisherSignatureRequired = program.record.isPublisherSignatureRequired
    securityEpoch = program.record.securityEpoch
  }
}

extension WireEnrolledDevice {
  init(_ entry: DeviceEntry) {
    self.init()
    deviceID = Data(entry.id?.bytes ?? [])
    serial = entry.serial
    product = entry.product
    group = entry.group
    name = entry.name
    state = entry.state.rawValue
    access = entry.access
    createdAt = Google_Protobuf_Timestamp(date: entry.createdAt)
    if let enrolledAt = entry.enrolledAt { self.enrolledAt = Google_Protobuf_Timestamp(date: enrolledAt) }
    publicKeyHash = Data(entry.publicKeyHash ?? [])
    if let reportedAt = entry.otpReportedAt { otpReportedAt = Google_Protobuf_Timestamp(date: reportedAt) }
    otpDifferences = entry.otpDifferences
  }
}

extension WireFactoryCA {
  init(_ authority: FactoryAuthority) {
    self.init()
    id = Data(authority.id)
    subject = authority.subject
    notAfter = Google_Protobuf_Timestamp(date: authority.notAfter)
    product = authority.placement.product
    group = authority.placement.group
    tags = authority.placement.tags
    namePrefix = authority.namePrefix
    createdAt = Google_Protobuf_Timestamp(date: authority.createdAt)
    devices = UInt64(clamping: authority.deviceCount)
  }
}
