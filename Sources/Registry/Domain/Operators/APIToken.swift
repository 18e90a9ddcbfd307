package import Authorization
package import FoundationEssentials

/// A bearer token for the HTTP interfaces, without its secret: its `name`, what it allows (`scopes`), when and by
/// whom it was made (`createdAt`, and `createdBy` as the audit log has principals), and when it was revoked
/// (`revokedAt`, nil if it is not).
package struct APIToken: Sendable, Equatable {
  /// 16 random bytes.
  package var id: [UInt8]
  package var name: String
  package var scopes: [AccessScope]
  package var createdAt: Date
  package var createdBy: String
  /// When the token stops working; nil: never.
  package var expiresAt: Date?
  /// When the token was last shown, some seconds late, because uses are written in batches; nil: never.
  package var lastUsedAt: Date?
  package var revokedAt: Date?

  package init(
    id: [UInt8], name: String, scopes: [AccessScope], createdAt: Date, createdBy: String, expiresAt: Date?,
    lastUsedAt: Date?, revokedAt: Date?
  ) {
    self.id = id
    self.name = name
    self.scopes = scopes
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.expiresAt = expiresAt
    self.lastUsedAt = lastUsedAt
    self.revokedAt = revokedAt
  }

  /// What the token's bearer is called in the audit log: `token:ci`.
  package var principal: String { Self.principal(name) }

  /// What the bearer of the token with this name is called in the audit log.
  package static func principal(_ name: String) -> String { "token:\(name)" }
}
