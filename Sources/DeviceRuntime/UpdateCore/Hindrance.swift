package import Foundations

/// Something that the device waits for, and why.
package struct Hindrance: Sendable, Hashable {
  /// What can't go on. Of each matter only the newest reason is kept.
  package enum Matter: Sendable, Hashable {
    /// The image of a version that is on offer.
    case download
    /// The start of a version that is in its slot.
    case start
    /// The head of a version that was announced.
    case announcement(version: UInt64)
    /// The subscription to the topics that new versions are announced on.
    case subscription
    /// The renewal of the device's certificate, which is due.
    case certificate
    /// The connection to the broker.
    case connection
  }

  /// The version that can't go on; 0: it is not about a version.
  package var version: UInt64
  /// Why it can't go on, for people, on one line.
  package var reason: String
  /// When the matter came up.
  package var since: WallClock

  package init(version: UInt64, reason: String, since: WallClock) {
    self.version = version
    self.reason = reason
    self.since = since
  }
}
