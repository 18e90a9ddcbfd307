package import Authorization
package import Foundations
package import Hummingbird
import Logging
package import ServiceKit
import Wire

/// Decides who may use the routes of a server. Routes without a middleware of its making are open to everybody.
package struct AccessControl: Sendable {
  /// Says what a request is about, for the audit log: `device:<uuid>`.
  package typealias Target = @Sendable (HTTPContext) throws -> String

  private let authorizer: (any RequestAuthorizer)?
  private let revocations: RevocationList?
  private let limiter: AttemptLimiter
  private let known = KnownTokens()
  private let lookups = LookupSlots()

  /// - Parameters:
  ///   - authorizer: nil lets everybody do everything, for tests on one machine.
  ///   - revocations: the one that the server's connections are checked with.
  ///   - limiter: bounds failed attempts.
  package init(
    authorizer: (any RequestAuthorizer)?, revocations: RevocationList? = nil, limiter: AttemptLimiter = AttemptLimiter()
  ) {
    self.authorizer = authorizer
    self.revocations = revocations
    self.limiter = limiter
  }

  /// Lets everybody do everything.
  package static let open = AccessControl(authorizer: nil)

  /// Makes the middleware of routes that need a token.
  ///
  /// - Parameters:
  ///   - action: for the audit log; empty for reads. It is noted as begun before the route runs, and what became of it
  ///     before the answer goes.
  ///   - isEffectNoted: whether the route has its success noted with what it changes, so that only failures are noted
  ///     here.
  package func requiring(
    _ scope: AccessScope, action: String = "", isEffectNoted: Bool = false, target: @escaping Target = { _ in "" }
  ) -> AccessMiddleware {
    guard !action.isEmpty else {
      return AccessMiddleware { try await admission($0, $1, scope, action: "", target: target) }
    }
    return AccessMiddleware(conclude: { request, context, problem in
      guard problem != nil || !isEffectNoted else { return }
      await conclude(request, context, scope, action, target, problem)
    }) { try await admission($0, $1, scope, action: action, target: target) }
  }

  private func conclude(
    _ request: Request, _ context: HTTPContext, _ scope: AccessScope, _ action: String, _ target: Target,
    _ problem: ProblemDocument?
  ) async {
    guard let authorizer, let token = try? AuthorizationHeader(request), let target = try? target(context) else {
      return
    }
    do throws(WireFailure) {
      try await authorizer.conclude(
        token: token.presented, scope: scope, action: action, target: target, source: context.source,
        problem: problem.map { $0.reason.isEmpty ? "status-\($0.status.code)" : $0.reason })
    } catch {
      // That it was begun is in the log; what became of it is in this process's.
      context.logger.warning(
        "the outcome is not in the audit log",
        metadata: ["action": "\(action)", "target": "\(target)", "error": "\(error)"])
    }
  }

  /// Makes the middleware of routes that one device may use by its certificate, and others with a token that may
  /// read.
  ///
  /// - Parameter device: whose the route is.
  package func requiringReader(
    orDevice device: @escaping @Sendable (HTTPContext) throws -> DeviceID
  ) -> AccessMiddleware {
    AccessMiddleware { request, context in
      guard authorizer != nil, case .device = context.peer else {
        return try await admission(request, context, .read, action: "", target: { _ in "" })
      }
      let peer = try self.device(of: context)
      guard try device(context) == peer else {
        throw ProblemError(
          .forbidden, reason: "other-device", detail: "a device gets only what is its own; this is another one's")
      }
      return Admission(principal: Principal(name: "device:\(peer)"))
    }
  }

  /// The device whose certificate the client showed.
  ///
  /// - Throws: `ProblemError` 401 if it showed none, or another one's; 503 while nobody can tell who is revoked.
  package func device(of context: HTTPContext) throws -> DeviceID {
    guard case .device(let id) = context.peer else {
      throw ProblemError(
        .unauthorized, reason: "certificate-required",
        detail: "this is for devices alone: connect with the certificate that the device got when it enrolled")
    }
    if let revocations, !revocations.isCurrent {
      throw ProblemError.unavailable(
        reason: "revocations-unknown",
        detail: "the Provisioner has not yet said which certificates are revoked; try again")
    }
    return id
  }

  /// Finds out whose token a request has.
  ///
  /// An address from which too many attempts have failed is told to wait. That holds for bad tokens only: a token is
  /// looked up first, so that a good one never suffers for its address. How many such look-ups go on at once is
  /// bounded.
  ///
  /// - Parameters:
  ///   - isTrusted: whether the token was good a short while ago, so that its owner does not suffer for others.
  ///   - find: returns nil for a token that nobody has, and may throw a `ProblemError` 401 that says more.
  package func authenticated<Value: Sendable>(
    _ request: Request, _ context: HTTPContext, isTrusted: (_ hash: [UInt8]) -> Bool = { _ in false },
    find: (_ token: PresentedToken) async throws -> Value?
  ) async throws -> Value {
    let wait = limiter.wait(of: context.source)
    do {
      guard let token = try AuthorizationHeader(request) else { throw ProblemError.missingToken }
      let found =
        if wait != nil, !isTrusted(token.hash) {
          try await lookups.withSlot { try await find(token.presented) }
        } else {
          try await find(token.presented)
        }
      guard let value = found else { throw ProblemError.refusedToken(.unknown) }
      context.connection?.vouch(by: "token:\(Hexadecimal.encode(token.hash))")
      return value
    } catch let problem as ProblemError {
      // A request without a token tries none.
      guard problem.document.status == .unauthorized, problem != .missingToken else { throw problem }
      limiter.failed(context.source)
      throw wait.map { ProblemError.tooManyAttempts($0) } ?? problem
    }
  }

  private func admission(
    _ request: Request, _ context: HTTPContext, _ scope: AccessScope, action: String, target: Target
  ) async throws -> Admission {
    guard let authorizer else { return Admission(principal: .anonymous) }
    return try await authenticated(request, context, isTrusted: { known.isTrusted($0) }) { token in
      let hash = token.hash
      if action.isEmpty, let principal = known.principal(hash, for: scope) {
        return Admission(principal: principal, token: token)
      }
      let target = try target(context)
      do throws(WireFailure) {
        let principal = try await authorizer.authorize(
          token: token, scope: scope, action: action, target: target, source: context.source)
        known.remember(hash, principal)
        return Admission(principal: principal, token: token)
      } catch {
        let problem = refusal(error, hash, scope)
        if problem.document.status == .serviceUnavailable {
          // Where the Registry should be is nobody's business who has not shown who they are.
          context.logger.warning("tokens can't be looked up", metadata: ["error": "\(error)"])
        }
        throw problem
      }
    }
  }

  private func refusal(_ failure: WireFailure, _ hash: [UInt8], _ scope: AccessScope) -> ProblemError {
    if failure.reason == AttemptLimiter.reason {
      // The Registry counts failures of an address too, those that this service told it of.
      return .tooManyAttempts(.milliseconds(Int64(failure.retryAfterMilliseconds)))
    }
    guard failure.code == .permissionDenied else {
      // What the Registry says of its database is what there is to say, here as for what comes after the token.
      if [.unavailable, .overloaded].contains(failure.code), failure.reason.hasPrefix("database-") {
        return ProblemError(failure)
      }
      return .unavailable(
        reason: "authorization-unavailable",
        detail: "the Registry can't be asked what the token allows; try again")
    }
    let reason = RefusedToken(rawValue: failure.reason) ?? .unknown
    if reason == .missingScope { return .missingScope(scope) }
    known.forget(hash)
    return .refusedToken(reason)
  }
}
