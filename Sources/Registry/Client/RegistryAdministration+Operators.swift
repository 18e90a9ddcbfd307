package import FoundationEssentials
import Foundations
import Messaging
import ServiceKit
import SwiftProtobuf
import TextFormats
package import Wire

/// Tokens, the audit log, and devices that go out of service.
extension RegistryAdministration {
  /// Makes a token. Its secret is in the answer, and can't be asked for again.
  ///
  /// - Parameter lifetime: nil: the token does not expire.
  package func createToken(_ name: String, scopes: [String], lifetime: Duration?) async throws -> NewTokenDocument {
    var request = WireCreateToken()
    request.name = name
    request.scopes = scopes
    request.lifetimeSeconds = lifetime.map { UInt64(clamping: max($0.components.seconds, 1)) } ?? 0
    let response = try await client.call(request, deadline: deadline)
    return NewTokenDocument(token: TokenDocument(response.token), secret: response.secret)
  }

  /// All tokens, also revoked ones, newest first.
  ///
  /// - Parameter limit: nil for all.
  package func tokens(limit: Int?) async throws -> (items: [TokenDocument], hasMore: Bool) {
    var request = WireListTokens()
    return try await collect(limit) { (size, cursor: String?) in
      request.pageSize = size
      request.cursor = cursor ?? ""
      let page = try await client.call(request, deadline: deadline)
      return (page.tokens.map { TokenDocument($0) }, page.nextCursor.isEmpty ? nil : page.nextCursor)
    }
  }

  /// Revokes a token: the next request with it is refused.
  ///
  /// - Parameter name: of a token, or the beginning of the name of one alone that is not revoked.
  /// - Throws: `AdminError` if several names begin so.
  package func revokeToken(_ name: String) async throws -> TokenDocument {
    do {
      return try await revokeToken(exactly: name)
    } catch let failure as WireFailure where failure.code == .notFound {
      let names = Set(try await tokens(limit: nil).items.filter { $0.revokedAt == nil }.map(\.name))
      let found = names.filter { !name.isEmpty && $0.hasPrefix(name) }.sorted()
      guard let only = found.first else { throw failure }
      guard found.count == 1 else {
        throw AdminError(
          "\(name) may be any of \(found.prefix(10).joined(separator: ", ")): give more of the name", status: .data)
      }
      return try await revokeToken(exactly: only)
    }
  }

  private func revokeToken(exactly name: String) async throws -> TokenDocument {
    var request = WireRevokeToken()
    request.name = name
    return TokenDocument(try await client.call(request, deadline: deadline).token)
  }

  /// Entries of the audit log, newest first.
  ///
  /// - Parameter limit: nil for all.
  package func audit(_ query: AuditQuery, limit: Int?) async throws -> (items: [AuditDocument], hasMore: Bool) {
    var request = query.wire
    return try await collect(limit) { (size, before: UInt64?) in
      request.pageSize = size
      request.beforeID = before ?? 0
      let page = try await client.call(request, deadline: deadline)
      return (page.entries.map { AuditDocument($0) }, page.nextBeforeID == 0 ? nil : page.nextBeforeID)
    }
  }

  /// Lets a device that was taken out of service come back.
  ///
  /// - Parameter reason: for the audit log.
  package func recommission(_ id: String, reason: String) async throws -> DeviceDocument {
    var request = WireRecommissionDevice()
    request.id = try await bytes(id)
    request.reason = reason
    return DeviceDocument(try await client.call(request, deadline: deadline))
  }

  /// Takes a device out of service, and its certificates back.
  ///
  /// - Parameter reason: for the device's events and the audit log.
  package func decommission(_ id: String, reason: String) async throws -> DeviceDocument {
    var request = WireDecommissionDevice()
    request.id = try await bytes(id)
    request.reason = reason
    return DeviceDocument(try await client.call(request, deadline: deadline))
  }
}

/// Which entries of the audit log an operator asks for: those of one `principal`, one `action` or one `target`, from
/// `since` on and before `until`. What is empty or nil filters nothing.
package struct AuditQuery: Sendable {
  package var principal: String
  package var action: String
  package var target: String
  package var since: Date?
  package var until: Date?

  package init(principal: String = "", action: String = "", target: String = "", since: Date? = nil, until: Date? = nil)
  {
    self.principal = principal
    self.action = action
    self.target = target
    self.since = since
    self.until = until
  }

  /// The request for it.
  var wire: WireListAudit {
    var request = WireListAudit()
    request.principal = principal
    request.action = action
    request.target = target
    if let since { request.since = Google_Protobuf_Timestamp(since) }
    if let until { request.until = Google_Protobuf_Timestamp(until) }
    return request
  }
}

extension TokenDocument {
  package init(_ wire: WireAPIToken) {
    self.init(
      id: Hexadecimal.encode(wire.id), name: wire.name, scopes: wire.scopes, createdAt: text(wire.createdAt),
      createdBy: wire.createdBy, expiresAt: wire.hasExpiresAt ? text(wire.expiresAt) : nil,
      lastUsedAt: wire.hasLastUsedAt ? text(wire.lastUsedAt) : nil,
      revokedAt: wire.hasRevokedAt ? text(wire.revokedAt) : nil)
  }
}

extension AuditDocument {
  package init(_ wire: WireAuditEntry) {
    self.init(
      id: wire.id, at: text(wire.at), principal: wire.principal, via: wire.via.isEmpty ? nil : wire.via,
      claimed: wire.claimed.isEmpty ? nil : wire.claimed, action: wire.action, target: wire.target, source: wire.source,
      outcome: wire.outcome,
      detail: JSONValue(parsing: Array(wire.detailJson.utf8)) ?? .object([:]))
  }
}
