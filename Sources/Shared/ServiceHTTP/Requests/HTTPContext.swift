package import Hummingbird
package import NIOCore

/// What handlers know of the request they answer, apart from the request itself.
package struct HTTPContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// The connection.
  package let channel: any Channel
  /// The client's `X-Request-Id`, or one made here. In the answer and in the log.
  package internal(set) var requestID = ""
  /// To be handed on to other services.
  package internal(set) var traceParent = TraceParent()
  /// What the route takes of a body.
  let bodyGate = BodyGate()

  package init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

extension HTTPContext {
  package var id: String { requestID }

  /// A parameter of the route, percent-decoded.
  package func parameter(_ name: String) throws -> String {
    // The guard has seen that the path decodes.
    guard let raw = parameters.get(name), let text = PercentEncoding.decode(raw) else {
      throw ProblemError(.badRequest, reason: "invalid-target", detail: "the part \(name) of the path is missing")
    }
    return text
  }
}
