package import FirmwareImage
package import FoundationEssentials
package import Wire

/// The permission for a number of devices to enrol until a moment.
package struct Claim: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    case open, exhausted, expired, revoked
  }

  package var id: ClaimID
  /// How many devices may enrol.
  package var count: Int
  package var used: Int
  package var product: String
  package var tags: [String]
  package var namePrefix: String
  package var createdAt: Date
  package var expiresAt: Date
  package var isRevoked: Bool
  /// By the database's clock, which all replicas share.
  package var isExpired: Bool

  package var state: State {
    if isRevoked { return .revoked }
    if isExpired { return .expired }
    return used >= count ? .exhausted : .open
  }
}

/// A claim that is to be made.
package struct NewClaim: Sendable, Equatable {
  package var count: Int
  package var lifetimeSeconds: Int
  package var product: String
  package var tags: [String]
  package var namePrefix: String

  /// - Parameters:
  ///   - lifetimeSeconds: how long devices may enrol.
  ///   - tags: given to the devices.
  ///   - namePrefix: devices become PREFIX-1, PREFIX-2 …; empty stands for `device`.
  package init(
    count: UInt64, lifetimeSeconds: UInt64, product: String, tags: [String], namePrefix: String
  ) throws(WireFailure) {
    self.count = try FieldRules.number(count, FieldRules.counts, field: "count")
    self.lifetimeSeconds = try FieldRules.number(lifetimeSeconds, FieldRules.lifetimesSeconds, field: "lifetime")
    self.product = try FieldRules.printable(product, field: "product", length: 0...FieldRules.productLength)
    self.tags = try FieldRules.tags(tags)
    let prefix = try FieldRules.printable(namePrefix, field: "name-prefix", length: 0...FieldRules.namePrefixLength)
    self.namePrefix = prefix.isEmpty ? "device" : prefix
  }
}

/// A device that took a use of a claim.
package struct Enrolment: Sendable, Equatable {
  package enum State: String, Sendable {
    /// The Registry may not know the device yet.
    case reserved
    case registered
  }

  package var serial: String
  package var device: DeviceID
  package var name: String
  package var state: State
  package var at: Date
}
