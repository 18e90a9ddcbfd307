import Hummingbird
import OpenSSL
import ServiceKit

/// The secret in a request's `Authorization` header (RFC 6750).
struct BearerToken: Sendable {
  let presented: PresentedToken
  /// SHA-256 of its text.
  var hash: [UInt8] { presented.hash }

  /// Nil if there is none.
  ///
  /// - Throws: `ProblemError` 401 for a header of another form, for example one that was sent twice.
  init?(_ request: Request) throws {
    guard let header = request.headers[.authorization] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer",
      (1...PresentedToken.maximumBytes).contains(parts[1].utf8.count),
      parts[1].utf8.allSatisfy(Self.isTokenByte)
    else {
      throw ProblemError.unauthenticated(
        reason: "invalid-authorization", detail: "the header Authorization must be Bearer and a token", isRefused: true)
    }
    presented = PresentedToken(text: String(parts[1]), hash: try SHA256.digest(of: Array(parts[1].utf8)))
  }

  /// `token68` of RFC 9110, section 11.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~+/=".utf8.contains(byte)
    }
  }
}

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

  package static func tooManyAttempts(_ wait: Duration) -> ProblemError {
    ProblemError(
      .tooManyRequests, reason: "too-many-attempts",
      detail: "too many requests from this address failed to say who makes them; wait",
      headers: [.retryAfter: String(max(1, wait.components.seconds + 1))])
  }
}
