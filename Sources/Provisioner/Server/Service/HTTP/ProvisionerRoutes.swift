import HTTPTypes
import Hummingbird
import NIOCore
import ServiceHTTP

/// What the Provisioner answers over HTTP.
struct ProvisionerRoutes: Sendable {
  private let claims: ClaimRoutes
  private let enrolment: EnrolmentRoutes

  init(claims: ClaimRoutes, enrolment: EnrolmentRoutes) {
    self.claims = claims
    self.enrolment = enrolment
  }

  /// All routes of claims and of enrolment, and their description.
  func router() -> Router<HTTPContext> {
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
