/// Why an operation of the flash failed: `kind` for programs, `description` for people, with the way out if there is
/// one.
package struct FlashError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller can do something about.
  package enum Kind: Sendable, Equatable {
    case missing
    case noSpace
    /// The name is none of the agent's.
    case invalidName
    case failed
  }

  package var kind: Kind
  package var description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
