import Foundations
import NIOCore
import OpenSSL
import Synchronization

/// A SHA-256 that the store's threads feed, one at a time.
final class HashInProgress: Sendable {
  private let hash: Mutex<SHA256?>

  init() throws(OpenSSLError) {
    hash = Mutex(try SHA256())
  }

  func update(_ pieces: [ByteBuffer]) {
    hash.withLock { hash in
      for piece in pieces { piece.withUnsafeReadableBytes { hash?.update($0) } }
    }
  }

  /// The digest; the first time only.
  func finish() throws -> SHA256Digest {
    let taken = hash.withLock { $0.take() }
    guard let finished = taken?.finalize() else { throw BlobStoreError.closed }
    return SHA256Digest(finished: finished)
  }
}
