/// Who asks for a change, and from where. It goes with the change into the audit log.
package struct Requester: Sendable, Equatable {
  /// Who asks: `token:ci`, `operator:laptop`, `provisioner:provisioner-1`, `device:<uuid>`.
  package let principal: String
  /// The address that the request came from, or `bus`.
  package let source: String
  /// The service that was asked and handed on what the principal presented: `image-store:image-store-1`; empty for
  /// none. The source is then its word.
  package let via: String
  /// Whom the principal, a service, says that it acts for; empty for nobody. Nothing proves it.
  package let claimed: String

  /// What is too long is cut: a service may tell what it likes of whom it asks for.
  package init(principal: String, source: String, via: String = "", claimed: String = "") {
    self.principal = FieldRules.sanitized(principal, maximumBytes: Self.maximumBytes)
    self.source = FieldRules.sanitized(source, maximumBytes: Self.maximumBytes)
    self.via = FieldRules.sanitized(via, maximumBytes: Self.maximumBytes)
    self.claimed = FieldRules.sanitized(claimed, maximumBytes: Self.maximumBytes)
  }

  /// How many bytes of UTF-8 each field may have.
  private static let maximumBytes = 200

  /// The source of what comes over the bus without anyone who asked for it over HTTP.
  package static let bus = "bus"

  /// Nobody in particular: the principal of peers where no keys are asked for, of clients where no tokens are, and of
  /// whoever presented a token that does not exist.
  package static let anonymousPrincipal = "anonymous"

  /// A peer on the bus that showed no key, where none is asked for.
  package static let anonymous = Requester(principal: anonymousPrincipal, source: bus)

  /// The Registry itself, when it makes what it needs as it starts.
  package static let registry = Requester(principal: "registry", source: "start")
}
