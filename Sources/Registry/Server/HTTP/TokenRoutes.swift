import Authorization
import FoundationEssentials
import Foundations
import HTTPTypes
import Hummingbird
import RegistryClient
import RegistryDomain
import RegistryStorage
import ServiceHTTP
import Wire

/// `/v1/tokens` and `/v1/tokens/{name}`.
struct TokenRoutes: Sendable {
  let store: RegistryStore

  init(store: RegistryStore) { self.store = store }

  func add(to access: RouteAccess) {
    access.reading(.admin).get("/v1/tokens") { request, _ in try await list(request) }
    access.changing(.admin, .createToken).post("/v1/tokens") { request, context in
      try await create(request, context.requester)
    }
    access.changing(.admin, .revokeToken, target: target).delete("/v1/tokens/{name}") { request, context in
      try await revoke(request, context.parameter("name"), context.requester)
    }
  }

  private let target: AccessControl.Target = { context in
    // One that can't be a name is told so by the route, once it is known who asks.
    (try? NewToken.valid(name: context.parameter("name"))).map(APIToken.principal) ?? "token:?"
  }

  private func list(_ request: Request) async throws -> Response {
    let query = try QueryParameters(request, known: ["limit", "cursor"])
    let page = try await store.tokens(before: query.number("cursor"), limit: query.limit())
    return try Response.json(
      TokenListDocument(tokens: page.items.map(TokenDocument.init), nextCursor: page.next.map { "\($0)" }))
  }

  private func create(_ request: Request, _ requester: Requester) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    let body = try await RequestReading.document(request, allowed: ["name", "scopes", "lifetimeSeconds"])
    guard let name = try body.string("name") else {
      throw RequestFailure(field: "name", "is missing: every token has one")
    }
    let lifetime = try body.positiveInteger("lifetimeSeconds") ?? 0
    let new = try NewToken(
      name: name, scopes: body.strings("scopes") ?? [], lifetimeSeconds: UInt64(lifetime))
    let (token, secret) = try await store.createToken(new, by: requester)
    // No cache on the way may keep the secret.
    return try Response.json(
      NewTokenDocument(token: TokenDocument(token), secret: secret.text), status: .created,
      headers: [.cacheControl: "no-store"])
  }

  private func revoke(_ request: Request, _ name: String, _ requester: Requester) async throws -> Response {
    _ = try QueryParameters(request, known: [])
    return try Response.json(TokenDocument(try await store.revokeToken(name, by: requester)))
  }
}
