package import FirmwareImage
package import FoundationEssentials

/// A key of the director, without its private half.
package struct DirectorKey: Sendable, Equatable {
  package enum State: String, Sendable {
    /// Signs once a published root document names it.
    case next
    /// Signs.
    case active
    /// Signed once; images that it signed stay good as long as root documents name it.
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
