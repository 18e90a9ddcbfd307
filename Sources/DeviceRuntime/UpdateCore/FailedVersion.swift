package import Foundations

/// A `version` that the device did not keep: whether it ran (`kind`), and the `digest` of its wasm.
package struct FailedVersion: Sendable, Hashable {
  /// What became of the version.
  package enum Kind: UInt8, Sendable, Hashable {
    /// The version ran, and gave way to the one before it.
    case rolledBack = 1
    /// The version never ran.
    case refused = 2
  }

  package var kind: Kind
  package var version: UInt64
  package var digest: SHA256Digest
  /// Why, for people.
  package var reason: String
  /// A director's signature bound the version to these bytes. Without one, the failure says nothing of other bytes
  /// with that version: the announcement may have been anybody's. Records of agents that believed unsigned
  /// announcements have false.
  package var isSigned: Bool

  package init(_ kind: Kind, version: UInt64, digest: SHA256Digest, reason: String, isSigned: Bool = true) {
    self.kind = kind
    self.version = version
    self.digest = digest
    self.reason = reason
    self.isSigned = isSigned
  }
}
