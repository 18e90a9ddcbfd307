import HTTPTypes
package import Hummingbird
import NIOCore
package import ServiceHTTP

/// What the Provisioner answers over HTTP.
package struct ProvisionerRoutes: Sendable {
  private let claims: ClaimRoutes
  private let enrolment: EnrolmentRoutes

  package init(claims: ClaimRoutes, enrolment: EnrolmentRoutes) {
    self.claims = claims
    self.enrolment = enrolment
  }

  package func router() -> Router<HTTPContext> {
    let router = makeRouter()
    claims.add(to: router)
    enrolment.add(to: router)
    let description = ByteBuffer(string: ProvisionerOpenAPI.text)
    router.get("/openapi.json") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
        body: .shared(description))
    }
    return router
  }
}
