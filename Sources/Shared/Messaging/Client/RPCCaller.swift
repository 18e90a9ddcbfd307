package import Wire

/// Something that requests can be sent to: an ``RPCClient``, or a test's stand-in.
package protocol RPCCaller: Sendable {
  /// Sends a request and waits for its answer.
  ///
  /// - Parameters:
  ///   - deadline: time for everything, retries included.
  ///   - traceParent: W3C trace context to hand on; nil: that of what the task does, if it has one.
  /// - Throws: why there is no answer: what the server said, or `unavailable`, `deadlineExceeded` or
  ///   `overloaded` from the client itself.
  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response
}

extension RPCCaller {
  /// Sends a request that may take 5 s.
  package func call<R: WireRequest>(_ request: R) async throws(WireFailure) -> R.Response {
    try await call(request, deadline: .seconds(5), traceParent: nil)
  }

  /// Sends a request.
  package func call<R: WireRequest>(_ request: R, deadline: Duration) async throws(WireFailure) -> R.Response {
    try await call(request, deadline: deadline, traceParent: nil)
  }
}
