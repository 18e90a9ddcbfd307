import Messaging
import Testing
import Wire

extension RPCCaller {
  /// Asks as the services do.
  func ask<R: WireRequest>(_ request: R) async throws -> R.Response {
    try await call(request, deadline: .seconds(30), traceParent: nil)
  }
}

/// The request is refused with this code and this reason.
func expectRefusal(
  _ code: WireFailure.Code, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation,
  of body: () async throws -> Void
) async {
  let failure = await #expect(throws: WireFailure.self, sourceLocation: sourceLocation) { try await body() }
  #expect(failure?.code == code, sourceLocation: sourceLocation)
  #expect(failure?.reason == reason, sourceLocation: sourceLocation)
}
