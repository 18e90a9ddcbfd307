import FirmwareImage
import Foundation
import SwiftProtobuf
import Wire

extension WireClaim {
  init(_ claim: Claim) {
    self.init()
    id = Data(claim.id.bytes)
    count = UInt32(clamping: claim.count)
    used = UInt32(clamping: claim.used)
    product = claim.product
    tags = claim.tags
    namePrefix = claim.namePrefix
    createdAt = Google_Protobuf_Timestamp(date: claim.createdAt)
    expiresAt = Google_Protobuf_Timestamp(date: claim.expiresAt)
    revoked = claim.isRevoked
  }
}

extension Claim {
  /// - Parameter now: on the wire there is no word on whether the claim has expired.
  init(_ wire: WireClaim, now: Date) throws(WireFailure) {
    self.init(
      id: try ClaimID(bytes: wire.id), count: Int(wire.count), used: Int(wire.used), product: wire.product,
      tags: wire.tags, namePrefix: wire.namePrefix, createdAt: wire.createdAt.date, expiresAt: wire.expiresAt.date,
      isRevoked: wire.revoked, isExpired: wire.expiresAt.date <= now)
  }
}

extension WireEnrolment {
  init(_ enrolment: Enrolment) {
    self.init()
    serial = enrolment.serial
    deviceID = Data(enrolment.device.bytes)
    name = enrolment.name
    state = enrolment.state.rawValue
    at = Google_Protobuf_Timestamp(date: enrolment.at)
  }
}

extension WireEnrollDeviceResponse {
  init(_ identity: Enroller.Identity) {
    self.init()
    deviceID = Data(identity.device.bytes)
    name = identity.name
    mqttHost = identity.endpoints.mqttHost
    mqttPort = UInt32(clamping: identity.endpoints.mqttPort)
    imageStoreUrls = identity.endpoints.imageStoreURLs
    heartbeatSeconds = UInt32(clamping: identity.endpoints.heartbeatSeconds)
  }
}
