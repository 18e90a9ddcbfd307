import Authorization
import DeviceEnrolment
import HTTPTypes
import Hummingbird
import ProvisionerClient
import ProvisionerDomain
import ProvisionerStorage
import ServiceHTTP

/// `/v1/claims` and `/v1/claims/{id}`, for operators.
struct ClaimRoutes: Sendable {
  private let claims: ClaimStore
  private let texts: ClaimTexts
  private let access: AccessControl

  init(claims: ClaimStore, texts: ClaimTexts, access: AccessControl) {
    self.claims = claims
    self.texts = texts
    self.access = access
  }

  func add(to router: Router<HTTPContext>) {
    router.group().add(middleware: access.requiring(.operate, action: "create-claim"))
      .post("/v1/claims") { request, _ in try await create(request) }
    router.group().add(middleware: access.requiring(.operate)).get("/v1/claims") { request, _ in
      let query = try QueryParameters(request, known: ["limit", "cursor"])
      let limit = try query.integer(
        "limit", in: 1...EnrolmentFieldRules.maximumPageSize, default: EnrolmentFieldRules.defaultPageSize)
      let page = try await claims.list(after: query["cursor"].map { try ListCursor($0) }, limit: limit)
      return try Response.json(
        ClaimListDocument(claims: page.claims.map { ClaimDocument($0) }, nextCursor: page.next?.text))
    }
    router.group().add(middleware: access.requiring(.operate)).get("/v1/claims/{id}") { _, context in
      try Response.json(ClaimDocument(await claims.claim(ClaimID(context.parameter("id")))))
    }
    router.group()
      .add(middleware: access.requiring(.operate, action: "revoke-claim") { "claim:\(try $0.parameter("id"))" })
      .delete("/v1/claims/{id}") { _, context in
        try Response.json(ClaimDocument(await claims.revoke(ClaimID(context.parameter("id")))))
      }
  }

  private func create(_ request: Request) async throws -> Response {
    let new = try await request.decodeJSON(NewClaimDocument.self).validated()
    let (claim, secret) = try await claims.create(new)
    return try Response.json(
      ClaimDocument(claim, token: try texts.text(of: secret)), status: .created,
      headers: [.location: "/v1/claims/\(claim.id)", .cacheControl: "no-store"])
  }
}
