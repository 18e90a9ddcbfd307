package import FoundationEssentials
package import ProvisionerDomain

/// A claim as people and programs get it.
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
  /// Only in the answer that made the claim.
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

/// A page of claims; without a cursor it is the last.
package struct ClaimListDocument: Codable, Sendable {
  package var claims: [ClaimDocument]
  package var nextCursor: String?

  package init(claims: [ClaimDocument], nextCursor: String?) {
    self.claims = claims
    self.nextCursor = nextCursor
  }
}
