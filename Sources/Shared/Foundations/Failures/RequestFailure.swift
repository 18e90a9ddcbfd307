/// Why a request was not done, in words for whoever sent it. Rules and stores throw it, and the servers of HTTP and
/// of the bus turn it into an answer of their protocol.
package struct RequestFailure: Error, Equatable, Sendable {
  /// The kind of failure: who has to change what before the same request can succeed.
  package enum Code: Sendable, CaseIterable {
    /// The request makes no sense, and won't at another time.
    case invalid
    /// What the request is about is not there.
    case notFound
    /// The request does not fit the present state.
    case conflict
    /// A bound is reached: the same request may be done later.
    case overloaded
    /// There was not enough time to do it; it may have been done all the same.
    case deadlineExceeded
    /// Something that is needed is out of reach: the same request may be done later.
    case unavailable
    /// This server does not do such things.
    case unsupported
    /// The program is at fault.
    case `internal`
    /// Whoever asks may not do that.
    case permissionDenied
  }

  /// The kind of failure.
  package let code: Code
  /// Stable and kebab-case, for programs: `unknown-device`.
  package let reason: String
  /// What is wrong and what to do, for people.
  package let message: String
  /// When to try again; 0: nobody knows.
  package let retryAfterMilliseconds: UInt32

  /// - Parameters:
  ///   - reason: stable and kebab-case, for programs: `unknown-device`.
  ///   - message: for people: what is wrong and what to do.
  ///   - retryAfterMilliseconds: when to try again, 0 if there is no saying.
  package init(_ code: Code, reason: String, message: String, retryAfterMilliseconds: UInt32 = 0) {
    self.code = code
    self.reason = reason
    self.message = message
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }
}

extension RequestFailure: CustomStringConvertible {
  package var description: String { reason.isEmpty ? message : "\(message) (\(reason))" }
}
