import SwiftProtobuf
package import Wire

/// The kinds of request that a server answers, how, and to whom.
package struct RPCRouter: Sendable {
  /// Makes the bytes of the response out of the bytes of a request.
  typealias Handler = nonisolated(nonsending) @Sendable (ArraySlice<UInt8>, RequestContext) async throws -> [UInt8]

  struct Entry: Sendable {
    let roles: BusRoles
    let handler: Handler
  }

  private(set) var entries: [String: Entry] = [:]

  package init() {}

  /// The kinds of request that have a handler, sorted.
  package var kinds: [String] { entries.keys.sorted() }

  /// The roles that may send requests of a kind; none if the kind has no handler.
  package func roles(for kind: String) -> BusRoles { entries[kind]?.roles ?? [] }

  /// Answers requests of `type` with `body`; a second handler for the same type replaces the first.
  ///
  /// `body` starts on the thread that receives requests, and must not block it.
  ///
  /// A `RequestFailure` or a ``WireFailure`` that `body` throws is told to the client as it is. Any other error is told
  /// as `internal` with a reference to the server's log.
  ///
  /// - Parameter roles: who may send it; without it, whom the service names in its `.proto` file. Others are told
  ///   `permissionDenied`, and so is everybody if nobody is named. On a bus without keys nobody is known, and everybody
  ///   may send everything.
  package mutating func handle<R: WireRequest>(
    _ type: R.Type, allowing roles: BusRoles = R.callers,
    _ body: nonisolated(nonsending) @escaping @Sendable (R, RequestContext) async throws -> R.Response
  ) {
    entries[R.kind] = Entry(roles: roles) { payload, context in
      let request: R
      do {
        request = try R(serializedBytes: payload.span.bytes)
      } catch {
        throw WireFailure(
          .invalid, reason: "unreadable-request",
          message: "the payload is not a \(R.kind) message: send its protobuf serialisation")
      }
      return try await body(request, context).serializedBytes()
    }
  }
}
