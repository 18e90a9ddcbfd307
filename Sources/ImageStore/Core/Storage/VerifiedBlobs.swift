import FirmwareImage
import NIOCore
import NIOPosix
import OpenSSL
import Synchronization

/// Which files were found to hold what their digest says, so that each is hashed once.
final class VerifiedBlobs: Sendable {
  /// Entries take about 150 bytes each.
  private static let capacity = 16_384
  /// Large enough for full speed of the hash, small enough to stay in the processor's cache.
  private static let pieceBytes = 256 * 1024

  private let threads: NIOThreadPool
  private let known = Mutex(BoundedCache<SHA256Digest, OpenFile.Identity>(capacity: capacity))
  private let reading = SingleFlight<OpenFile.Identity, SHA256Digest>()

  init(threads: NIOThreadPool) {
    self.threads = threads
  }

  /// The digest of a file's content and its length, from memory if the file is still the one that
  /// was hashed. Several callers at once share one reading.
  func digest(of file: OpenFile, expecting digest: SHA256Digest) async throws -> (SHA256Digest, lengthBytes: UInt64) {
    let identity = try await threads.runIfActive { try file.status().identity }
    if known.withLock({ $0[digest] }) == identity { return (digest, identity.sizeBytes) }
    let actual = try await reading.value(for: identity) { [self] in try await read(file, expecting: digest).0 }
    return (actual, identity.sizeBytes)
  }

  /// Reads the file, whatever is remembered.
  func read(_ file: OpenFile, expecting digest: SHA256Digest) async throws -> (SHA256Digest, lengthBytes: UInt64) {
    let (actual, identity) = try await threads.runIfActive { try Self.hash(file) }
    known.withLock { $0[digest] = actual == digest ? identity : nil }
    return (actual, identity.sizeBytes)
  }

  /// Notes that this state of a file is what was hashed while it was written.
  func remember(_ digest: SHA256Digest, _ identity: OpenFile.Identity, expectedLengthBytes: UInt64) {
    guard identity.sizeBytes == expectedLengthBytes else { return }
    known.withLock { $0[digest] = identity }
  }

  private static func hash(_ file: OpenFile) throws -> (SHA256Digest, OpenFile.Identity) {
    // Taken first: a change while reading gives the file another identity than the one remembered.
    let identity = try file.status().identity
    var hash = try SHA256()
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 4096)
    defer { space.deallocate() }
    var offset: UInt64 = 0
    while true {
      let count = try file.read(at: offset, into: space)
      if count == 0 { break }
      hash.update(UnsafeRawBufferPointer(rebasing: space.prefix(count)))
      offset += UInt64(count)
    }
    return (SHA256Digest(finished: hash.finalize()), identity)
  }
}
