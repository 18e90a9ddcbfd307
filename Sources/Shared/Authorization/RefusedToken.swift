package import Foundations

/// Why a token is not taken.
package enum RefusedToken: String, CaseIterable, Sendable {
  /// There is no such token.
  case unknown = "unknown-token"
  case expired = "expired-token"
  case revoked = "revoked-token"
  /// The token is good, but not for this.
  case missingScope = "missing-scope"
}

extension RequestFailure {
  /// The failure that answers a token that is not taken.
  package init(_ refusal: RefusedToken) {
    let message =
      switch refusal {
      case .unknown: "there is no such token: make one with xtblish-registry token create"
      case .expired: "the token has expired: make a new one with xtblish-registry token create"
      case .revoked: "the token was revoked: make a new one with xtblish-registry token create"
      case .missingScope: "the token is good, but its scope does not allow this: use one with a higher scope"
      }
    self.init(.permissionDenied, reason: refusal.rawValue, message: message)
  }
}
