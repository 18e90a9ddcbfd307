/// Who makes a request, once it is known.
package struct Principal: Sendable, Equatable {
  /// As it stands in the audit log: `token:ci`, `operator:laptop`, `device:<uuid>`.
  package let name: String
  package let scopes: Set<AccessScope>
  /// For how long the same answer may be used for further reads.
  package let validity: Duration

  package init(name: String, scopes: Set<AccessScope> = [], validity: Duration = .zero) {
    self.name = name
    self.scopes = scopes
    self.validity = validity
  }

  /// Everybody, where nobody is asked who they are.
  package static let anonymous = Principal(name: "anonymous", scopes: Set(AccessScope.allCases))
}
