import HTTPTypes
package import Hummingbird
import NIOCore
import NIOHTTPTypes
import Synchronization

/// How much of a body a route takes, decided before the first byte of it is read.
final class BodyGate: Sendable {
  private let state = Mutex(State())

  private struct State {
    var maximumBytes = 0
    var needsContinue = false
  }

  func set(maximumBytes: Int) { state.withLock { $0.maximumBytes = maximumBytes } }
  func expectContinue() { state.withLock { $0.needsContinue = true } }

  var maximumBytes: Int { state.withLock { $0.maximumBytes } }

  /// Whether the client waits to be told to send; true once.
  func takeContinue() -> Bool {
    state.withLock { state in
      defer { state.needsContinue = false }
      return state.needsContinue
    }
  }
}

/// A body that throws 413 as soon as it is, or says that it will be, larger than its gate lets through.
struct GatedBody: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  let base: RequestBody
  let declaredBytes: Int?
  let gate: BodyGate
  let channel: any Channel

  func makeAsyncIterator() -> Iterator { Iterator(body: self, base: base.makeAsyncIterator()) }

  struct Iterator: AsyncIteratorProtocol {
    let body: GatedBody
    var base: RequestBody.AsyncIterator
    var isStarted = false
    var receivedBytes = 0

    mutating func next() async throws -> ByteBuffer? {
      let maximumBytes = body.gate.maximumBytes
      if !isStarted {
        isStarted = true
        if let declared = body.declaredBytes, declared > maximumBytes {
          throw ProblemError.bodyTooLarge(maximumBytes: maximumBytes)
        }
        // Only now is it known that somebody wants the body (RFC 9110, 10.1.1).
        if body.gate.takeContinue() {
          try await body.channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
        }
      }
      guard let part = try await base.next() else { return nil }
      receivedBytes += part.readableBytes
      guard receivedBytes <= maximumBytes else { throw ProblemError.bodyTooLarge(maximumBytes: maximumBytes) }
      return part
    }
  }
}

/// Lets the routes that it is added to take larger or smaller bodies than the server's limits allow.
package struct BodyLimit: RouterMiddleware {
  package typealias Context = HTTPContext

  private let maximumBytes: Int

  package init(maximumBytes: Int) {
    self.maximumBytes = maximumBytes
  }

  /// Refuses a body that is announced as too long, and sets the limit for the others.
  package func handle(
    _ request: Request, context: HTTPContext, next: (Request, HTTPContext) async throws -> Response
  ) async throws -> Response {
    if let declared = request.declaredBodyBytes, declared > maximumBytes {
      throw ProblemError.bodyTooLarge(maximumBytes: maximumBytes)
    }
    context.bodyGate.set(maximumBytes: maximumBytes)
    return try await next(request, context)
  }
}

extension Request {
  /// What `Content-Length` says; nil if there is none. A text that is no number, or a number beyond all bounds,
  /// counts as the largest.
  package var declaredBodyBytes: Int? { headers[.contentLength].map { Int($0) ?? .max } }
}
