import FirmwareImage
package import FoundationEssentials

/// A claim as people and programs get it.
package struct ClaimDocument: Codable, Sendable, Equatable {
  package var id: String
  package var state: String
  package var count: Int
  package var used: Int
  package var product: String
  package var tags: [String]
  package var namePrefix: String
  package var createdAt: Date
  package var expiresAt: Date
  /// Only in the answer that made the claim.
  package var token: String?

  init(_ claim: Claim, token: ClaimToken? = nil) {
    id = claim.id.description
    state = claim.state.rawValue
    count = claim.count
    used = claim.used
    product = claim.product
    tags = claim.tags
    namePrefix = claim.namePrefix
    createdAt = claim.createdAt
    expiresAt = claim.expiresAt
    self.token = token?.text
  }
}

/// A page of claims; without a cursor it is the last.
package struct ClaimListDocument: Codable, Sendable {
  package var claims: [ClaimDocument]
  package var nextCursor: String?
}

/// What a device is told when it enrols.
struct IdentityDocument: Codable, Sendable {
  struct Broker: Codable, Sendable {
    var host: String
    var port: Int
  }

  var device: String
  var name: String
  var mqtt: Broker
  var imageStoreURLs: [String]
  var heartbeatSeconds: Int

  init(_ identity: Enroller.Identity) {
    device = identity.device.description
    name = identity.name
    mqtt = Broker(host: identity.endpoints.mqttHost, port: identity.endpoints.mqttPort)
    imageStoreURLs = identity.endpoints.imageStoreURLs
    heartbeatSeconds = identity.endpoints.heartbeatSeconds
  }
}
