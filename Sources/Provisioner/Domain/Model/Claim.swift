package import FoundationEssentials
package import Foundations

/// The permission for a number of devices to enrol until a moment.
///
/// `id` is public, unlike the claim's secret, of which only the hash is stored. Devices get the `product` (empty:
/// none) and the `tags`, and names that begin with `namePrefix`: PREFIX-1, PREFIX-2 … Devices can enrol from
/// `createdAt` until `expiresAt`.
package struct Claim: Sendable, Equatable {
  /// What can be done with the claim.
  package enum State: String, Sendable, CaseIterable {
    case open, exhausted, expired, revoked
  }

  package var id: ClaimID
  /// How many devices may enrol.
  package var count: Int
  /// How many devices have enrolled.
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
  /// Whether an operator took the claim back, for good.
  package var isRevoked: Bool
  /// Whether its time is over by the database's clock, which all replicas share.
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

  /// What can be done with the claim now: revoked and expired count before exhausted.
  package var state: State {
    if isRevoked { return .revoked }
    if isExpired { return .expired }
    return used >= count ? .exhausted : .open
  }
}

/// A claim that is to be made, its fields checked. `count`, `product`, `group`, `tags`, `serials` and `namePrefix`
/// mean what they mean in ``Claim``.
package struct NewClaim: Sendable, Equatable {
  package var count: Int
  /// How long devices may enrol, from the making of the claim on.
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
  ///   - namePrefix: devices become PREFIX-1, PREFIX-2 …; empty stands for ``ClaimID/namePrefix``.
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

/// A device that took a use of a claim: its `serial` number, its ID in `device`, its `name`, how far its enrolment is
/// (`state`), and when it was complete or, before that, when the device took the use (`at`).
package struct ClaimUse: Sendable, Equatable {
  /// How far the device's enrolment has come.
  package enum State: String, Sendable {
    /// The Registry may not know the device yet.
    case reserved
    /// The Registry knows the device.
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
