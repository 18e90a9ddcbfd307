import Authorization
import FoundationEssentials
import Foundations
import Messaging
import RegistryAuthority
import RegistryDomain
import RegistryMessages
import RegistryStorage
import SwiftProtobuf
import TextFormats
import Wire

/// Tokens, the audit log, and devices that go out of service.
extension RegistryRPC {
  func addOperatorHandlers(to router: inout RPCRouter) {
    router.handle(WireAuthorizeRequest.self) { request, context in
      try await authorize(request, from: context.peer)
    }
    router.handle(WireRecordAudit.self) { request, context in
      try await record(request.entry, by: context)
      return WireRecordAuditResponse()
    }
    router.handle(WireListAudit.self) { request, _ in try await listAudit(request) }
    router.handle(WireCreateToken.self) { request, context in
      let new = try NewToken(name: request.name, scopes: request.scopes, lifetimeSeconds: request.lifetimeSeconds)
      let (token, secret) = try await store.createToken(new, by: context.requester())
      var response = WireCreateTokenResponse()
      response.token = WireAPIToken(token)
      response.secret = secret.text
      return response
    }
    router.handle(WireListTokens.self) { request, _ in try await listTokens(request) }
    router.handle(WireRevokeToken.self) { request, context in
      var response = WireRevokeTokenResponse()
      response.token = WireAPIToken(try await store.revokeToken(request.name, by: context.requester()))
      return response
    }
    router.handle(WireDecommissionDevice.self) { request, context in
      WireDevice(
        try await store.decommission(
          DeviceID(checking: request.id), reason: request.reason,
          by: context.requester(request.hasRequester ? request.requester : nil)))
    }
    router.handle(WireRecommissionDevice.self) { request, context in
      WireDevice(
        try await store.recommission(
          DeviceID(checking: request.id), reason: request.reason,
          by: context.requester(request.hasRequester ? request.requester : nil), provisioner: provisioner,
          // Leaves time for what is written after it.
          deadline: max(.milliseconds(200), context.remaining - .milliseconds(1_000))))
    }
  }

  private func authorize(
    _ request: WireAuthorizeRequest, from service: BusPeer?
  ) async throws -> WireAuthorizeRequestResponse {
    let hash =
      request.bearerToken.isEmpty ? Array(request.tokenHash) : try Self.hash(ofToken: request.bearerToken)
    guard hash.count == SHA256Digest.byteCount else {
      throw RequestFailure(field: "token-hash", "has \(request.tokenHash.count) bytes: a SHA-256 has 32")
    }
    guard let scope = AccessScope(rawValue: request.scope) else {
      throw RequestFailure(field: "scope", "is none that tokens have")
    }
    let question = RequestAuthority.Request(
      tokenHash: hash, scope: scope, action: request.action, target: request.target, source: request.source,
      service: service)
    var response = WireAuthorizeRequestResponse()
    if !request.outcome.isEmpty {
      try await authority.conclude(question, problem: Self.problem(of: request))
      return response
    }
    let verdict = try await authority.decide(question, isRecorded: true)
    switch verdict {
    case .allowed(let token):
      response.principal = token.principal
      response.scopes = token.scopes.map(\.rawValue)
      if request.action.isEmpty {
        response.cacheMilliseconds = UInt32(RequestAuthority.readValidity.wholeMilliseconds)
      }
    case .refused(let refusal): response.reason = refusal.rawValue
    }
    return response
  }

  private static func problem(of request: WireAuthorizeRequest) throws -> String? {
    switch request.outcome {
    case AuditRecord.Outcome.allowed.rawValue: return nil
    case AuditRecord.Outcome.failed.rawValue: return request.problem.isEmpty ? "failed" : request.problem
    default: throw RequestFailure(field: "outcome", "is neither allowed nor failed")
    }
  }

  /// Takes what a service says of an operator's doings there, as an entry in the service's own name.
  private func record(_ entry: WireAuditEntry, by context: RequestContext) async throws {
    if let service = context.peer, let wait = claims.wait(of: service) {
      throw RequestFailure.tooManyClaims(wait: wait)
    }
    guard let outcome = AuditRecord.Outcome(rawValue: entry.outcome) else {
      throw RequestFailure(field: "outcome", "is none that entries have")
    }
    guard !entry.principal.isEmpty, !entry.action.isEmpty else {
      throw RequestFailure(field: "entry", "lacks its principal or its action")
    }
    guard entry.detailJson.utf8.count <= Self.maximumDetailBytes else {
      throw RequestFailure(field: "detail", "is longer than \(Self.maximumDetailBytes) bytes")
    }
    var detail: [String: JSONValue] = [:]
    if !entry.detailJson.isEmpty {
      guard case .object(let fields)? = JSONValue(parsing: Array(entry.detailJson.utf8)),
        // PostgreSQL's JSON holds no NUL.
        !JSONValue.object(fields).text.contains(#"\u0000"#)
      else {
        throw RequestFailure(field: "detail", "is not a JSON object without NUL characters")
      }
      detail = fields
    }
    let requester = context.requester(
      WireRequester.with {
        $0.principal = entry.principal
        $0.source = entry.source
      })
    var record = AuditRecord(entry.action, entry.target, by: requester, outcome: outcome, detail)
    guard outcome == .refused else { return try await store.append(record) }
    record.detail = [:]
    let reason = detail["reason"].flatMap { if case .string(let text) = $0 { text } else { nil } } ?? "refused"
    await authority.note(record, refusedFor: reason)
  }

  /// Bytes of the JSON that a service may add to an entry of the audit log.
  static let maximumDetailBytes = 4_096

  private func listAudit(_ request: WireListAudit) async throws -> WireListAuditResponse {
    let filter = try AuditFilter(
      principal: request.principal, action: request.action, target: request.target,
      since: request.hasSince ? Date(request.since) : nil, until: request.hasUntil ? Date(request.until) : nil)
    let page = try await store.audit(
      filter, before: request.beforeID == 0 ? nil : request.beforeID, limit: FieldRules.pageSize(request.pageSize))
    var response = WireListAuditResponse()
    response.entries = page.items.map { WireAuditEntry($0) }
    response.nextBeforeID = page.next ?? 0
    return response
  }

  private func listTokens(_ request: WireListTokens) async throws -> WireListTokensResponse {
    let page = try await store.tokens(
      before: Self.number(request.cursor), limit: FieldRules.pageSize(request.pageSize))
    var response = WireListTokensResponse()
    response.tokens = page.items.map { WireAPIToken($0) }
    response.nextCursor = page.next.map { "\($0)" } ?? ""
    return response
  }
}
