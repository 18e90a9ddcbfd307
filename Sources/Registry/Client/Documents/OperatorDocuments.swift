import FoundationEssentials
import TextFormats

/// A token as JSON, over HTTP and in the output of commands, without its secret: its `id` in hexadecimal digits, its
/// `name`, the `scopes` that it was given, when and by whom it was made (`createdAt`, `createdBy`), when it stops
/// working (`expiresAt`), when it was last shown (`lastUsedAt`) and when it was revoked (`revokedAt`). Times are in
/// ISO 8601 and UTC, and left out while what they are about has not happened, or never will.
package struct TokenDocument: Codable, Sendable, Equatable {
  package var id: String
  package var name: String
  package var scopes: [String]
  var createdAt: String
  var createdBy: String
  var expiresAt: String?
  var lastUsedAt: String?
  var revokedAt: String?
}

/// A `token` that was just made, and its `secret`: the only answer that holds one.
package struct NewTokenDocument: Codable, Sendable {
  package var token: TokenDocument
  package var secret: String

  package init(token: TokenDocument, secret: String) {
    self.token = token
    self.secret = secret
  }
}

/// An entry of the audit log as JSON: its `id`, which grows from entry to entry, when (`at`, in ISO 8601 and UTC),
/// and that `principal`, from the address `source`, did the `action` to the `target`, with which `outcome` (see
/// ``AuditRecord/Outcome``); `detail` is what else belongs to it.
package struct AuditDocument: Codable, Sendable, Equatable {
  package var id: UInt64
  package var at: String
  package var principal: String
  /// The service that the principal asked; left out if it asked the Registry itself.
  var via: String?
  /// Whom the principal, a service, says that it acted for; left out if for nobody.
  var claimed: String?
  package var action: String
  package var target: String
  var source: String
  var outcome: String
  var detail: JSONValue
}
