import Authorization
import OpenSSL
import ServiceKit
import Synchronization
import Wire

/// Knows some tokens, and what it was asked. `AuthorizerOfRequests` says what it has in common with those that services
/// have.
final class ScriptedAuthorizer: RequestAuthorizer {
  struct Question: Equatable, Sendable {
    var scope: AccessScope
    var action: String
    var target: String
    var source: String
  }

  struct State {
    var principals: [[UInt8]: Principal] = [:]
    var refused: [[UInt8]: RefusedToken] = [:]
    var failure: WireFailure?
    var questions: [Question] = []
    var conclusions: [String] = []
  }

  let state = Mutex(State())

  /// - Parameter validity: how long what is said of a read is good.
  func add(_ token: String, _ scopes: Set<AccessScope>, validity: Duration = .zero) throws {
    let hash = try SHA256.digest(of: Array(token.utf8))
    state.withLock { $0.principals[hash] = Principal(name: "token:\(token)", scopes: scopes, validity: validity) }
  }

  func refuse(_ token: String, _ reason: RefusedToken) throws {
    let hash = try SHA256.digest(of: Array(token.utf8))
    state.withLock {
      $0.refused[hash] = reason
      $0.principals[hash] = nil
    }
  }

  var questions: [Question] { state.withLock { $0.questions } }
  /// Each action with the problem that it ended with.
  var conclusions: [String] { state.withLock { $0.conclusions } }

  func conclude(
    token: PresentedToken, scope: AccessScope, action: String, target: String, source: String, problem: String?
  ) async throws(WireFailure) {
    state.withLock { $0.conclusions.append("\(action) \(problem ?? "done")") }
  }

  func authorize(
    token: PresentedToken, scope: AccessScope, action: String, target: String, source: String
  ) async throws(WireFailure) -> Principal {
    let (principal, refusal, failure) = state.withLock { state in
      state.questions.append(Question(scope: scope, action: action, target: target, source: source))
      return (state.principals[token.hash], state.refused[token.hash], state.failure)
    }
    if let failure { throw failure }
    guard let principal else {
      throw WireFailure(.permissionDenied, reason: (refusal ?? .unknown).rawValue, message: "no")
    }
    guard principal.scopes.contains(where: { $0 >= scope }) else {
      throw WireFailure(.permissionDenied, reason: RefusedToken.missingScope.rawValue, message: "no")
    }
    return action.isEmpty ? principal : Principal(name: principal.name, scopes: principal.scopes)
  }
}
