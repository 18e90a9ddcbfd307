package import FoundationEssentials
package import ProvisionerDomain

/// A claim as commands and HTTP show it.
///
/// `id` is its ID in its text form, and `state` is `open`, `exhausted`, `expired` or `revoked`. `used` of `count`
/// devices have enrolled. `product` and `group` are empty for none; `serials` are the only serial numbers that may use
/// it (empty: any). Devices get the `tags`, and names that begin with `namePrefix`. They can enrol from `createdAt`
/// until `expiresAt`.
package struct ClaimDocument: Codable, Sendable, Equatable {
  package var id: String
  package var state: String
  package var count: Int
  package var used: Int
  package var product: String
  package var group: String
  package var tags: [String]
  package var serials: [String]
  package var namePrefix: String
  package var createdAt: Date
  package var expiresAt: Date
  /// The secret that devices enrol with; only in the answer that made the claim.
  package var token: String?

  package init(_ claim: Claim, token: String? = nil) {
    id = claim.id.description
    state = claim.state.rawValue
    count = claim.count
    used = claim.used
    product = claim.product
    group = claim.group
    tags = claim.tags
    serials = claim.serials
    namePrefix = claim.namePrefix
    createdAt = claim.createdAt
    expiresAt = claim.expiresAt
    self.token = token
  }
}

/// A page of `claims`. `nextCursor` asks for the next page; nil: this is the last.
package struct ClaimListDocument: Codable, Sendable {
  package var claims: [ClaimDocument]
  package var nextCursor: String?

  package init(claims: [ClaimDocument], nextCursor: String?) {
    self.claims = claims
    self.nextCursor = nextCursor
  }
}
