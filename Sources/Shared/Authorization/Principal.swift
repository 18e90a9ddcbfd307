/// Who makes a request, once that is known, and the `scopes` that it may use.
package struct Principal: Sendable, Equatable {
  /// The name in the audit log: `token:ci`, `operator:laptop`, `device:<uuid>`.
  package let name: String
  package let scopes: Set<AccessScope>
  /// For how long the same answer may be used for further reads without asking again.
  package let validity: Duration

  package init(name: String, scopes: Set<AccessScope> = [], validity: Duration = .zero) {
    self.name = name
    self.scopes = scopes
    self.validity = validity
  }

  /// The one principal where nobody is asked who they are. It may do everything.
  package static let anonymous = Principal(name: "anonymous", scopes: Set(AccessScope.allCases))
}
