package import Foundations
package import NIOCore

/// A stored blob that was found to be what its digest says.
package protocol Blob: Sendable {
  var digest: SHA256Digest { get }
  var lengthBytes: UInt64 { get }

  /// Reads the bytes from `offset`, at most `count` and fewer only at the end, and puts the caller's `prefix` before
  /// them.
  func read(at offset: UInt64, count: Int, after prefix: [UInt8], into buffer: ReusedBuffer) async throws -> ByteBuffer

  /// The SHA-256 of `prefix` and then all of the blob's bytes.
  func digest(prefixedBy prefix: [UInt8]) async throws -> SHA256Digest

  /// Makes sure that the blob is still the one that was verified when it was opened.
  ///
  /// - Throws: if it is not.
  func confirmUnchanged() async throws
}

extension Blob {
  /// The bytes from `offset`, at most `count` and fewer only at the end.
  package func read(at offset: UInt64, count: Int) async throws -> ByteBuffer {
    try await read(at: offset, count: count, after: [], into: ReusedBuffer())
  }
}
