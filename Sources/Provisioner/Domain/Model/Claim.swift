package import FoundationEssentials
package import Foundations

/// The permission for a number of devices to enrol until a moment.
package struct Claim: Sendable, Equatable {
  /// What can be done with it.
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

  package init(
    id: ClaimID, count: Int, used: Int, product: String, group: String, tags: [String], serials: [String],
    namePrefix: String, createdAt: Date, expiresAt: Date, isRevoked: Bool, isExpired: Bool
  ) {
    self.id = id
    self.count = count
    self.used = used
    self.product = product
    self.group = group
    self.tags = tags
    self.serials = serials
    self.namePrefix = namePrefix
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.isRevoked = isRevoked
    self.isExpired = isExpired
  }

  /// What can be done with it now: revoked and expired count before exhausted.
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
  ) throws(RequestFailure) {
    self.count = try EnrolmentFieldRules.number(count, EnrolmentFieldRules.counts, field: "count")
    self.lifetimeSeconds = try EnrolmentFieldRules.number(
      lifetimeSeconds, EnrolmentFieldRules.lifetimesSeconds, field: "lifetime")
    let placement = try DevicePlacement(product: product, group: group, tags: tags)
    (self.product, self.group, self.tags) = (placement.product, placement.group, placement.tags)
    self.serials = try EnrolmentFieldRules.serials(serials)
    self.namePrefix = try EnrolmentFieldRules.namePrefix(namePrefix, length: EnrolmentFieldRules.namePrefixLength)
  }
}

/// A device that took a use of a claim.
package struct ClaimUse: Sendable, Equatable {
  /// How far its enrolment has come.
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

  package init(serial: String, device: DeviceID, name: String, state: State, at: Date) {
    self.serial = serial
    self.device = device
    self.name = name
    self.state = state
    self.at = at
  }
}
