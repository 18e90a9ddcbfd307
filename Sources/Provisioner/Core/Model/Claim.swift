package import FoundationEssentials
package import Foundations
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
  /// The group that the devices join; empty: none.
  package var group: String
  package var tags: [String]
  /// The only serial numbers that may use it; empty: any.
  package var serials: [String]
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
  package var group: String
  package var tags: [String]
  package var serials: [String]
  package var namePrefix: String

  /// - Parameters:
  ///   - lifetimeSeconds: how long devices may enrol.
  ///   - group: that the devices join; empty: none.
  ///   - tags: given to the devices.
  ///   - serials: the only ones that may use it; empty: any.
  ///   - namePrefix: devices become PREFIX-1, PREFIX-2 …; empty stands for `device`.
  package init(
    count: UInt64, lifetimeSeconds: UInt64, product: String, group: String = "", tags: [String],
    serials: [String] = [], namePrefix: String
  ) throws(WireFailure) {
    self.count = try FieldRules.number(count, FieldRules.counts, field: "count")
    self.lifetimeSeconds = try FieldRules.number(lifetimeSeconds, FieldRules.lifetimesSeconds, field: "lifetime")
    let placement = try DevicePlacement(product: product, group: group, tags: tags)
    (self.product, self.group, self.tags) = (placement.product, placement.group, placement.tags)
    self.serials = try FieldRules.serials(serials)
    self.namePrefix = try FieldRules.namePrefix(namePrefix, length: FieldRules.namePrefixLength)
  }
}

/// A device that took a use of a claim.
package struct ClaimUse: Sendable, Equatable {
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
