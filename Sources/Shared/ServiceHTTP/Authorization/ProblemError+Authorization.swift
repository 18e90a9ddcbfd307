import Authorization
import HTTPTypes

extension ProblemError {
  /// 401.
  ///
  /// - Parameter isRefused: whether the client did try to say who it is.
  static func unauthenticated(reason: String, detail: String, isRefused: Bool) -> ProblemError {
    let challenge = isRefused ? "Bearer realm=\"xtblish\", error=\"invalid_token\"" : "Bearer realm=\"xtblish\""
    return ProblemError(
      .unauthorized, reason: reason, detail: detail, headers: [.wwwAuthenticate: challenge, .cacheControl: "no-store"])
  }

  /// 401 for a client without a token.
  static let missingToken = unauthenticated(
    reason: "missing-token", detail: "this takes a token: send the header Authorization: Bearer TOKEN",
    isRefused: false)

  /// 401 for a token that nobody has, or has any more.
  static func refusedToken(_ reason: RefusedToken) -> ProblemError {
    let problem =
      switch reason {
      case .expired: "the token has expired"
      case .revoked: "the token was revoked"
      case .unknown, .missingScope: "the token is not known"
      }
    return unauthenticated(
      reason: reason.rawValue, detail: "\(problem); ask an administrator for another one", isRefused: true)
  }

  /// 403.
  static func missingScope(_ scope: AccessScope) -> ProblemError {
    ProblemError(
      .forbidden, reason: RefusedToken.missingScope.rawValue,
      detail: "the token does not allow this: it takes one with the scope \(scope.rawValue)",
      headers: [
        .wwwAuthenticate: "Bearer realm=\"xtblish\", error=\"insufficient_scope\", scope=\"\(scope.rawValue)\""
      ], members: ["scope": .text(scope.rawValue)])
  }

  /// 429, for a request that was not looked at; `wait` goes into `Retry-After`.
  package static func tooManyAttempts(_ wait: Duration) -> ProblemError {
    ProblemError(
      .tooManyRequests, reason: "too-many-attempts",
      detail: "too many requests from this address failed to say who makes them; wait",
      headers: [.retryAfter: String(max(1, wait.components.seconds + 1))])
  }
}
