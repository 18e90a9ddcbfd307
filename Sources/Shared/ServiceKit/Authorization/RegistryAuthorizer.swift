package import Authorization
import FoundationEssentials
import Foundations
package import Messaging
package import Wire

/// Decides by asking the Registry, which knows the tokens.
package struct RegistryAuthorizer: RequestAuthorizer {
  private let registry: any RPCCaller
  private let deadline: Duration

  /// - Parameter deadline: for the Registry's answer.
  package init(_ registry: any RPCCaller, deadline: Duration = .seconds(5)) {
    self.registry = registry
    self.deadline = deadline
  }

  /// Asks the Registry, which also writes the audit log.
  package func authorize(
    token: PresentedToken, scope: AccessScope, action: String, target: String, source: String
  ) async throws(WireFailure) -> Principal {
    let request = Self.request(token, scope, action, target, source)
    let answer = try await registry.call(request, deadline: deadline)
    guard answer.principal.isEmpty else {
      return Principal(
        name: answer.principal,
        // A scope that this program does not know yet allows nothing here.
        scopes: Set(answer.scopes.compactMap(AccessScope.init)),
        // A change is asked for anew each time, as each is to be on record.
        validity: action.isEmpty ? .milliseconds(min(answer.cacheMilliseconds, 60_000)) : .zero)
    }
    guard let refusal = RefusedToken(rawValue: answer.reason) else {
      throw WireFailure(
        .permissionDenied, reason: answer.reason.isEmpty ? "refused" : answer.reason,
        message: "the Registry does not take this token")
    }
    throw WireFailure(RequestFailure(refusal))
  }

  /// Tells the Registry, which writes it into the audit log.
  package func conclude(
    token: PresentedToken, scope: AccessScope, action: String, target: String, source: String, problem: String?
  ) async throws(WireFailure) {
    var request = Self.request(token, scope, action, target, source)
    request.outcome = problem == nil ? "allowed" : "failed"
    request.problem = problem ?? ""
    _ = try await registry.call(request, deadline: deadline)
  }

  private static func request(
    _ token: PresentedToken, _ scope: AccessScope, _ action: String, _ target: String, _ source: String
  ) -> WireAuthorizeRequest {
    var request = WireAuthorizeRequest()
    request.bearerToken = token.text
    // A Registry of the release before reads nothing else.
    request.tokenHash = Data(token.hash)
    request.scope = scope.rawValue
    request.action = action
    request.target = target
    request.source = source
    return request
  }
}
