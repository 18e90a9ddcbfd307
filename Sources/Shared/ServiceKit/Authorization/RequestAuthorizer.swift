package import Authorization
package import Wire

/// Something that knows what bearer tokens allow.
package protocol RequestAuthorizer: Sendable {
  /// Answers whose token it is, if it allows the action. Unless `action` is empty, the audit log says before the
  /// answer comes that the action has begun, or that it was refused.
  ///
  /// - Parameters:
  ///   - token: as the client presented it.
  ///   - scope: what the action needs.
  ///   - action: in the imperative: `create-claim`; empty for reads.
  ///   - target: what it is done to: `device:<uuid>`, `claim:<uuid>`; may be empty.
  ///   - source: the address that the request came from.
  /// - Throws: `WireFailure` with the code `permissionDenied` and one of the reasons in `RefusedToken` when the token
  ///   does not allow it, and any other code when that can't be found out.
  func authorize(
    token: PresentedToken, scope: AccessScope, action: String, target: String, source: String
  ) async throws(WireFailure) -> Principal

  /// Tells what became of an action that was let through, for the audit log.
  ///
  /// - Parameter problem: why it failed, in kebab-case; nil if it was done.
  func conclude(
    token: PresentedToken, scope: AccessScope, action: String, target: String, source: String, problem: String?
  ) async throws(WireFailure)
}

extension RequestAuthorizer {
  /// Does nothing: for authorizers whose service notes each change where it makes it.
  package func conclude(
    token: PresentedToken, scope: AccessScope, action: String, target: String, source: String, problem: String?
  ) async throws(WireFailure) {}
}
