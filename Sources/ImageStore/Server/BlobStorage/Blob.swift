package import Foundations
package import NIOCore

/// A stored blob that was found to be what its digest says.
package protocol Blob: Sendable {
  var digest: SHA256Digest { get }
  var lengthBytes: UInt64 { get }

  /// Some bytes of the caller's, then those from `offset`, at most `count` and fewer only at the end.
  func read(at offset: UInt64, count: Int, after prefix: [UInt8], into buffer: ReusedBuffer) async throws -> ByteBuffer

  /// SHA-256 of these bytes and then all of the blob's.
  func digest(prefixedBy prefix: [UInt8]) async throws -> SHA256Digest

  /// Throws if the blob is no longer the one that was verified when it was opened.
  func confirmUnchanged() async throws
}

extension Blob {
  /// The bytes from `offset`, at most `count` and fewer only at the end.
  package func read(at offset: UInt64, count: Int) async throws -> ByteBuffer {
    try await read(at: offset, count: count, after: [], into: ReusedBuffer())
  }
}
