package import Messaging
import Wire

/// What the Provisioner answers on the bus.
package struct ProvisionerRPC: Sendable {
  private let claims: ClaimStore
  private let enroller: Enroller

  package init(claims: ClaimStore, enroller: Enroller) {
    self.claims = claims
    self.enroller = enroller
  }

  package func register(on router: inout RPCRouter) {
    router.handle(WireCreateClaim.self, allowing: .operator) { request, _ in
      let (claim, token) = try await claims.create(
        NewClaim(
          count: UInt64(request.count), lifetimeSeconds: request.lifetimeSeconds, product: request.product,
          tags: request.tags, namePrefix: request.namePrefix))
      var response = WireCreateClaimResponse()
      response.claim = WireClaim(claim)
      response.token = token.text
      return response
    }
    router.handle(WireListClaims.self, allowing: .operator) { request, _ in
      let page = try await claims.list(
        after: request.cursor.isEmpty ? nil : ClaimCursor(request.cursor), limit: FieldRules.pageSize(request.pageSize))
      var response = WireListClaimsResponse()
      response.claims = page.claims.map { WireClaim($0) }
      response.nextCursor = page.next?.text ?? ""
      return response
    }
    router.handle(WireGetClaim.self, allowing: .operator) { request, _ in
      let id = try ClaimID(bytes: request.id)
      var response = WireGetClaimResponse()
      response.claim = WireClaim(try await claims.claim(id))
      response.enrolments = try await claims.enrolments(of: id).map { WireEnrolment($0) }
      return response
    }
    router.handle(WireRevokeClaim.self, allowing: .operator) { request, _ in
      var response = WireRevokeClaimResponse()
      response.claim = WireClaim(try await claims.revoke(ClaimID(bytes: request.id)))
      return response
    }
    router.handle(WireEnrollDevice.self, allowing: .operator) { request, context in
      // A little is left to write the outcome down.
      let deadline = min(.seconds(5), context.remaining * 0.8)
      return WireEnrollDeviceResponse(
        try await enroller.enroll(
          token: request.token, serial: request.serial, deadline: deadline, traceParent: context.traceParent))
    }
  }
}
