import FileAccess
import Foundations
import NIOPosix
import Synchronization

/// Which files were found to hold what their digest says, so that each is hashed once.
final class VerifiedBlobs: Sendable {
  /// Entries take about 150 bytes each.
  private static let capacity = 16_384
  private let threads: NIOThreadPool
  private let known = Mutex(BoundedCache<SHA256Digest, OpenFile.Identity>(capacity: capacity))
  private let reading = SingleFlight<OpenFile.Identity, SHA256Digest>()

  init(threads: NIOThreadPool) {
    self.threads = threads
  }

  /// The digest of a file's content and its state, from memory if the file is still the one that
  /// was hashed. Several callers at once share one reading.
  func digest(of file: OpenFile, expecting digest: SHA256Digest) async throws -> (SHA256Digest, OpenFile.Identity) {
    // From the inode in memory: it does not wait for the disk.
    let identity = try file.status().identity
    if known.withLock({ $0[digest] }) == identity { return (digest, identity) }
    let actual = try await reading.value(for: identity) { [self] in try await read(file, expecting: digest).0 }
    return (actual, identity)
  }

  /// Reads the file, whatever is remembered.
  func read(_ file: OpenFile, expecting digest: SHA256Digest) async throws -> (SHA256Digest, OpenFile.Identity) {
    let (actual, identity) = try await threads.runIfActive {
      // Taken first: a change while reading gives the file another identity than the one remembered.
      let identity = try file.status().identity
      return (try file.digest(prefixedBy: []), identity)
    }
    known.withLock { $0[digest] = actual == digest ? identity : nil }
    return (actual, identity)
  }

  /// Notes that this state of a file is what was hashed while it was written.
  func remember(_ digest: SHA256Digest, _ identity: OpenFile.Identity, expectedLengthBytes: UInt64) {
    guard identity.sizeBytes == expectedLengthBytes else { return }
    known.withLock { $0[digest] = identity }
  }
}
