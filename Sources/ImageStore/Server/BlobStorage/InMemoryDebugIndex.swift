package import Foundations
import Synchronization
package import WebAssemblyModule

/// An index that lives as long as the process, for tests of what stands on one.
package final class InMemoryDebugIndex: DebugIndex {
  private let entries = Mutex<[BuildID: SHA256Digest]>([:])

  package init() {}

  /// Looks the build ID up in memory.
  package func digest(of buildID: BuildID) async throws -> SHA256Digest? {
    entries.withLock { $0[buildID] }
  }

  /// Keeps the first digest of a build ID for as long as the process lives.
  package func enter(_ digest: SHA256Digest, for buildID: BuildID) async throws -> SHA256Digest {
    entries.withLock { entries in
      let entered = entries[buildID] ?? digest
      entries[buildID] = entered
      return entered
    }
  }
}
