package import FirmwareImage
package import FoundationEssentials

/// The public half (`key`) of a key with which the director signs assignments, when it was made (`createdAt`), and
/// its `state`.
package struct DirectorKey: Sendable, Equatable {
  /// What a director's key is for now; the raw value is what the database and the bus have.
  package enum State: String, Sendable {
    /// The key that is to sign as soon as a published root document names it.
    case next
    /// The key that signs.
    case active
    /// A key that signed once; images that it signed stay good as long as root documents name it.
    case retired
  }

  package var key: TrustedKey
  package var state: State
  package var createdAt: Date

  package init(key: TrustedKey, state: State, createdAt: Date) {
    self.key = key
    self.state = state
    self.createdAt = createdAt
  }
}
