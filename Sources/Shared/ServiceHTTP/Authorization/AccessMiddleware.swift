import Authorization
package import Hummingbird
import Logging

/// Whom a route let in, and by what.
struct Admission: Sendable {
  var principal: Principal
  /// The token that was shown; nil for those who need none: devices, by their certificates, and everybody where
  /// nobody is asked.
  var token: PresentedToken?
}

/// Lets only those pass who may use the routes that it is added to. Decides before anything of the body is read.
package struct AccessMiddleware: RouterMiddleware {
  package typealias Context = HTTPContext

  private let decide: @Sendable (Request, HTTPContext) async throws -> Admission
  private let conclude: (@Sendable (Request, HTTPContext, ProblemDocument?) async -> Void)?

  /// - Parameter conclude: told what was wrong with the answer, or nil if it was a good one, before that is sent.
  init(
    conclude: (@Sendable (Request, HTTPContext, ProblemDocument?) async -> Void)? = nil,
    _ decide: @escaping @Sendable (Request, HTTPContext) async throws -> Admission
  ) {
    self.decide = decide
    self.conclude = conclude
  }

  /// Decides, and passes the request on with what was found out in its context.
  package func handle(
    _ request: Request, context: HTTPContext, next: (Request, HTTPContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    let admission = try await decide(request, context)
    context.principal = admission.principal
    context.presentedToken = admission.token
    context.logger[metadataKey: "principal"] = "\(context.principal.name)"
    guard let conclude else { return try await next(request, context) }
    let response: Response
    do {
      response = try await next(request, context)
    } catch {
      let problem = ProblemError(mapping: error)?.document
      await conclude(
        request, context, problem ?? ProblemDocument(.internalServerError, reason: "internal", detail: "it failed"))
      throw error
    }
    let failed = response.status.code >= 400 ? ProblemDocument(response.status, detail: "it failed") : nil
    await conclude(request, context, failed)
    return response
  }
}
