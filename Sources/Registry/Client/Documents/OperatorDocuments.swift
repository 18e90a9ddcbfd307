import FirmwareImage
import FoundationEssentials
package import TextFormats

/// A token as JSON, over HTTP and in the output of commands.
package struct TokenDocument: Codable, Sendable, Equatable {
  package var id: String
  package var name: String
  package var scopes: [String]
  package var createdAt: String
  package var createdBy: String
  package var expiresAt: String?
  package var lastUsedAt: String?
  package var revokedAt: String?
}

/// A token that was just made: the only answer that holds a secret.
package struct NewTokenDocument: Codable, Sendable {
  package var token: TokenDocument
  package var secret: String

  package init(token: TokenDocument, secret: String) {
    self.token = token
    self.secret = secret
  }
}

/// An entry of the audit log as JSON.
package struct AuditDocument: Codable, Sendable, Equatable {
  package var id: UInt64
  package var at: String
  package var principal: String
  /// The service that the principal asked.
  package var via: String?
  /// Whom the principal, a service, says that it acted for.
  package var claimed: String?
  package var action: String
  package var target: String
  package var source: String
  package var outcome: String
  package var detail: JSONValue
}
