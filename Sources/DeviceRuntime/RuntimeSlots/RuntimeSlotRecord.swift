package import Foundations
package import RuntimeBundle

/// What is on record of one of the two places for a runtime: the `version` of what is in it, and its `state`.
package struct RuntimeSlotRecord: Sendable, Hashable {
  /// How far the runtime in it got.
  package enum State: UInt8, Sendable {
    /// Nothing that may be started.
    case empty = 0
    /// Whole, and to be tried.
    case whole = 1
    /// It has proved itself.
    case confirmed = 2
    /// It was given up.
    case failed = 3
  }

  package var state: State
  package var version: RuntimeVersion
  /// The least version that the device takes once this one is confirmed.
  package var minimumVersion: RuntimeVersion
  /// The version of the package beside which it was installed. A package that is newer than both takes over.
  package var besidePackage: RuntimeVersion
  /// SHA-256 of its manifest, which names each file's.
  package var manifest: SHA256Digest?

  /// A slot with nothing in it.
  package static let empty = RuntimeSlotRecord(
    state: .empty, version: .none, minimumVersion: .none, besidePackage: .none, manifest: nil)

  package init(
    state: State, version: RuntimeVersion, minimumVersion: RuntimeVersion, besidePackage: RuntimeVersion,
    manifest: SHA256Digest?
  ) {
    self.state = state
    self.version = version
    self.minimumVersion = minimumVersion
    self.besidePackage = besidePackage
    self.manifest = manifest
  }

  /// Whether it goes before the packaged runtime of that version: a package that was upgraded since has the last word, unless
  /// it is older still.
  func goesBefore(package version: RuntimeVersion) -> Bool { besidePackage == version || self.version > version }
}
