import HTTPTypes
package import Hummingbird
import NIOCore
package import ServiceHTTP
import Wire

/// What the Provisioner answers over HTTP.
package struct ProvisionerRoutes: Sendable {
  private let claims: ClaimStore
  private let enroller: Enroller

  package init(claims: ClaimStore, enroller: Enroller) {
    self.claims = claims
    self.enroller = enroller
  }

  package func router() -> Router<HTTPContext> {
    let router = makeRouter()
    router.post("/v1/claims") { request, _ in
      let new = try await request.decodeJSON(NewClaimDocument.self).validated()
      let (claim, token) = try await claims.create(new)
      return try Response.json(
        ClaimDocument(claim, token: token), status: .created,
        headers: [.location: "/v1/claims/\(claim.id)", .cacheControl: "no-store"])
    }
    router.get("/v1/claims") { request, _ in
      let query = try QueryParameters(request, known: ["limit", "cursor"])
      let limit = try query.integer(
        "limit", in: 1...FieldRules.maximumPageSize, default: FieldRules.defaultPageSize)
      let page = try await claims.list(after: query["cursor"].map { try ClaimCursor($0) }, limit: limit)
      return try Response.json(
        ClaimListDocument(claims: page.claims.map { ClaimDocument($0) }, nextCursor: page.next?.text))
    }
    router.get("/v1/claims/{id}") { _, context in
      try Response.json(ClaimDocument(await claims.claim(ClaimID(context.parameter("id")))))
    }
    router.delete("/v1/claims/{id}") { _, context in
      try Response.json(ClaimDocument(await claims.revoke(ClaimID(context.parameter("id")))))
    }
    router.post("/v1/enroll") { request, context in
      let body = try await request.decodeJSON(EnrollDocument.self)
      let identity = try await enroller.enroll(
        token: body.token, serial: body.serial, traceParent: "\(context.traceParent)")
      return try Response.json(IdentityDocument(identity), headers: [.cacheControl: "no-store"])
    }
    router.get("/openapi.json") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPIDocument.text)))
    }
    return router
  }
}
