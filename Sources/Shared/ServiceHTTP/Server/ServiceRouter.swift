package import Hummingbird

/// Makes an empty router for the routes of a service. It answers HEAD wherever there is a GET.
package func makeRouter() -> Router<HTTPContext> {
  let router = Router(context: HTTPContext.self, options: [.autoGenerateHeadEndpoints])
  router.add(middleware: ErrorPassage())
  return router
}

/// Carries errors past Hummingbird's router, which would turn its own kinds into answers of another form.
struct ErrorPassage: RouterMiddleware {
  func handle(
    _ request: Request, context: HTTPContext, next: (Request, HTTPContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as any HTTPResponseError {
      throw PassedError(error: error)
    }
  }
}

struct PassedError: Error {
  let error: any Error
}

/// Which methods a path has, for the answers 405 and OPTIONS.
struct AllowedMethods: Sendable {
  private let responder: RouterResponder<HTTPContext>
  private let methods: [HTTPRequest.Method]

  /// Routes that only say that they exist, matched as the real ones are.
  init(_ router: Router<HTTPContext>) {
    let probe = Router(context: HTTPContext.self)
    var methods: [HTTPRequest.Method] = []
    var seen: Set<String> = []
    for route in router.routes where seen.insert(route.description).inserted {
      probe.on(route.path, method: route.method) { _, _ in Response(status: .noContent) }
      if !methods.contains(route.method) { methods.append(route.method) }
    }
    responder = probe.buildResponder()
    self.methods = methods
  }

  func methods(of request: Request, _ context: HTTPContext) async -> [HTTPRequest.Method] {
    var found: [HTTPRequest.Method] = []
    for method in methods {
      var head = request.head
      head.method = method
      let probe = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
      if let response = try? await responder.respond(to: probe, context: context), response.status == .noContent {
        found.append(method)
      }
    }
    if found.contains(.get), !found.contains(.head) { found.append(.head) }
    return found.sorted { $0.rawValue < $1.rawValue }
  }
}
