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
      case .unknown: "There is no such token. Make one with xtblish-registry token create."
      case .expired: "The token has expired. Make a new one with xtblish-registry token create."
      case .revoked: "The token was revoked. Make a new one with xtblish-registry token create."
      case .missingScope: "The token is good, but its scope does not allow this. Use one with a higher scope."
      }
    self.init(.permissionDenied, reason: refusal.rawValue, message: message)
  }
}
