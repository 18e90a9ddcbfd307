import FirmwareImage
import FoundationEssentials
import ServiceKit

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
}

/// A part of the list of tokens. Without a cursor it was the last.
struct TokenListDocument: Codable, Sendable {
  var tokens: [TokenDocument]
  var nextCursor: String?
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

/// A part of the audit log.
struct AuditListDocument: Codable, Sendable {
  var entries: [AuditDocument]
  var nextCursor: String?
}

extension TokenDocument {
  init(_ token: APIToken) {
    self.init(
      id: Hexadecimal.encode(token.id), name: token.name, scopes: token.scopes.map(\.rawValue),
      createdAt: JSONCoding.text(of: token.createdAt), createdBy: token.createdBy,
      expiresAt: token.expiresAt.map(JSONCoding.text(of:)), lastUsedAt: token.lastUsedAt.map(JSONCoding.text(of:)),
      revokedAt: token.revokedAt.map(JSONCoding.text(of:)))
  }
}

extension AuditDocument {
  init(_ entry: AuditEntry) {
    self.init(
      id: entry.id, at: JSONCoding.text(of: entry.at), principal: entry.principal,
      via: entry.via.isEmpty ? nil : entry.via, claimed: entry.claimed.isEmpty ? nil : entry.claimed,
      action: entry.action, target: entry.target, source: entry.source, outcome: entry.outcome,
      detail: JSONValue(parsing: Array(entry.detail.utf8)) ?? .object([:]))
  }
}
