package import Hummingbird
import Logging
import ServiceKit

/// Lets only those to the routes that it is added to who may use them, before anything of the body is read.
package struct AccessMiddleware: RouterMiddleware {
  package typealias Context = HTTPContext

  private let decide: @Sendable (Request, HTTPContext) async throws -> Principal

  init(_ decide: @escaping @Sendable (Request, HTTPContext) async throws -> Principal) {
    self.decide = decide
  }

  package func handle(
    _ request: Request, context: HTTPContext, next: (Request, HTTPContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.principal = try await decide(request, context)
    context.logger[metadataKey: "principal"] = "\(context.principal.name)"
    return try await next(request, context)
  }
}
