import BlobStorage
import HTTPTypes
import NIOCore

/// Bytes to send: a short prefix, then a blob.
struct BlobRepresentation: Sendable {
  /// The header of a whole image, or nothing.
  var prefix: [UInt8] = []
  var blob: any Blob
  /// The entity tag with its quotes; always a strong one.
  var entityTag: String
  var headers: HTTPFields

  var lengthBytes: UInt64 { UInt64(prefix.count) + blob.lengthBytes }

  /// The bytes of a range, which lies within the representation, in pieces.
  func piece(at offset: UInt64, count: Int, into buffer: ReusedBuffer) async throws -> ByteBuffer {
    let prefixBytes = UInt64(prefix.count)
    guard offset < prefixBytes else {
      return try await blob.read(at: offset - prefixBytes, count: count, after: [], into: buffer)
    }
    let header = Array(prefix[Int(offset)...].prefix(count))
    return try await blob.read(at: 0, count: count - header.count, after: header, into: buffer)
  }
}
