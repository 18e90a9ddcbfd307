package import Foundations
package import WebAssemblyModule

/// Tells which blob is the unstripped module of a build. An entry never changes.
package protocol DebugIndex: Sendable {
  /// The digest of the build's module; nil if none is entered.
  func digest(of buildID: BuildID) async throws -> SHA256Digest?

  /// Enters a blob that is stored; once it returns, the entry outlives a power failure.
  ///
  /// - Returns: the digest that is entered: another one, if that came first.
  func enter(_ digest: SHA256Digest, for buildID: BuildID) async throws -> SHA256Digest
}
