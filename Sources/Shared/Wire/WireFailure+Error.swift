/// Why a request was not done, thrown by handlers and received by callers alike.
extension WireFailure: Error {
  /// - Parameters:
  ///   - reason: stable and kebab-case, for programs: `unknown-device`.
  ///   - message: for people: what is wrong and what to do.
  ///   - retryAfterMilliseconds: when to try again, 0 if there is no saying.
  package init(_ code: Code, reason: String, message: String, retryAfterMilliseconds: UInt32 = 0) {
    self.init()
    self.code = code
    self.reason = reason
    self.message = message
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }
}

extension WireFailure: CustomStringConvertible {
  package var description: String { reason.isEmpty ? message : "\(message) (\(reason))" }
}
