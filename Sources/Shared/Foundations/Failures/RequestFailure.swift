/// Why a request was not done, in words for who asked. Rules and stores throw it; the servers of HTTP and of the bus turn
/// it into an answer of theirs.
package struct RequestFailure: Error, Equatable, Sendable {
  /// Whose turn it is to mend it.
  package enum Code: Sendable, CaseIterable {
    /// The request makes no sense, and won't at another time.
    case invalid
    case notFound
    /// It does not fit what there is now.
    case conflict
    /// At a bound: the same request may be done later.
    case overloaded
    case deadlineExceeded
    /// What it needs is away: the same request may be done later.
    case unavailable
    case unsupported
    /// A fault of the program.
    case `internal`
    case permissionDenied
  }

  package let code: Code
  /// Stable and kebab-case, for programs: `unknown-device`.
  package let reason: String
  /// For people: what is wrong and what to do.
  package let message: String
  /// When to try again, 0 if there is no saying.
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
