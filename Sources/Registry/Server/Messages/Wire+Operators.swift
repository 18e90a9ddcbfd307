import Authorization
import FoundationEssentials
package import RegistryDomain
import SwiftProtobuf
package import Wire

// Tokens and the audit log as the Registry answers them.

extension WireAPIToken {
  package init(_ token: APIToken) {
    self.init()
    id = Data(token.id)
    name = token.name
    scopes = token.scopes.map(\.rawValue)
    createdAt = Google_Protobuf_Timestamp(token.createdAt)
    createdBy = token.createdBy
    if let expires = token.expiresAt { expiresAt = Google_Protobuf_Timestamp(expires) }
    if let used = token.lastUsedAt { lastUsedAt = Google_Protobuf_Timestamp(used) }
    if let revoked = token.revokedAt { revokedAt = Google_Protobuf_Timestamp(revoked) }
  }
}

extension WireAuditEntry {
  package init(_ entry: AuditEntry) {
    self.init()
    id = entry.id
    at = Google_Protobuf_Timestamp(entry.at)
    principal = entry.principal
    via = entry.via
    claimed = entry.claimed
    action = entry.action
    target = entry.target
    source = entry.source
    outcome = entry.outcome
    detailJson = entry.detail
  }
}
