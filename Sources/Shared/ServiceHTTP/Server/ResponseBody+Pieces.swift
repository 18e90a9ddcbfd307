package import Hummingbird
package import NIOCore

extension ResponseBody {
  /// What is given to a connection at a time. Encrypted it is copied, so a client that takes nothing costs so much, and not
  /// the whole.
  private static let pieceBytes = 32 << 10

  /// A body of bytes that other responses may share. They are sent in pieces, so that few are copied before they can
  /// be sent.
  package static func shared(_ bytes: ByteBuffer) -> ResponseBody {
    guard bytes.readableBytes > pieceBytes else { return ResponseBody(byteBuffer: bytes) }
    return ResponseBody(contentLength: bytes.readableBytes) { writer in
      var rest = bytes
      while let piece = rest.readSlice(length: min(pieceBytes, rest.readableBytes)), piece.readableBytes > 0 {
        // Holds back while the connection's queue is full.
        try await writer.write(piece)
      }
      try await writer.finish(nil)
    }
  }
}
