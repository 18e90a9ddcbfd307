package import Authorization
import Foundations
import RegistryDomain
import ServiceKit
package import Wire

/// Answers for the Registry's own HTTP interface, whose changes are noted in the audit log as they are made.
package struct LocalAuthorizer: RequestAuthorizer {
  private let authority: RequestAuthority

  package init(_ authority: RequestAuthority) {
    self.authority = authority
  }

  /// Decides about a request to the Registry itself. A read that was let through need not be asked for again for
  /// ``RequestAuthority/readValidity``.
  package func authorize(
    token: PresentedToken, scope: AccessScope, action: String, target: String, source: String
  ) async throws(WireFailure) -> Principal {
    let verdict: RequestAuthority.Verdict
    do {
      verdict = try await authority.decide(
        RequestAuthority.Request(tokenHash: token.hash, scope: scope, action: action, target: target, source: source),
        isRecorded: false)
    } catch let failure as RequestFailure {
      throw WireFailure(failure)
    } catch {
      throw WireFailure(.internal, reason: "internal-error", message: "the token could not be looked up: \(error)")
    }
    switch verdict {
    case .allowed(let token):
      return Principal(
        name: token.principal, scopes: Set(token.scopes),
        validity: action.isEmpty ? RequestAuthority.readValidity : .zero)
    case .refused(let refusal):
      throw WireFailure(RequestFailure(refusal))
    }
  }
}
