import BlobStorage
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceHTTP

/// Answers GET and HEAD of a representation, with its conditions and ranges.
struct BlobResponder: Sendable {
  /// What is read and sent at a time, and while many are sent to at once.
  static let pieceBytes = 256 * 1024
  static let smallPieceBytes = 32 * 1024

  private let spare = BufferPool()
  private let large = LargeTransfers()

  func respond(
    _ request: Request, _ context: HTTPContext, _ representation: BlobRepresentation
  ) throws -> Response {
    var headers = representation.headers
    headers[.eTag] = representation.entityTag
    headers[.acceptRanges] = "bytes"
    let length = representation.lengthBytes
    switch Conditions.evaluate(
      request.headers, method: request.method, entityTag: representation.entityTag, lengthBytes: length)
    {
    case .notModified:
      headers[.contentType] = nil
      return Response(status: .notModified, headers: headers)
    case .preconditionFailed:
      throw ProblemError(
        .preconditionFailed, reason: "entity-tag-mismatch",
        detail: "the image is now \(representation.entityTag), none of those in If-Match: fetch it anew")
    case .send(.unsatisfiable):
      throw ProblemError(
        .rangeNotSatisfiable, reason: "range-not-satisfiable",
        detail: "the image has \(length) bytes, and the range starts behind them: fetch it from its start",
        headers: [.contentRange: "bytes */\(length)", .acceptRanges: "bytes"])
    case .send(.whole):
      return response(.ok, headers, representation, 0..<length, request.method, context.channel.eventLoop)
    case .send(.part(let range)):
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
      return response(.partialContent, headers, representation, range, request.method, context.channel.eventLoop)
    }
  }

  private func response(
    _ status: HTTPResponse.Status, _ headers: HTTPFields, _ representation: BlobRepresentation,
    _ range: Range<UInt64>, _ method: HTTPRequest.Method, _ loop: any EventLoop
  ) -> Response {
    let body = ResponseBody(contentLength: Int(range.count)) { writer in
      if method == .get { try await self.send(representation, range, to: &writer, loop) }
      try await writer.finish(nil)
    }
    return Response(status: status, headers: headers, body: body)
  }

  private func send(
    _ representation: BlobRepresentation, _ range: Range<UInt64>, to writer: inout any ResponseBodyWriter,
    _ loop: any EventLoop
  ) async throws {
    guard !range.isEmpty else { return }
    // Clients that take nothing hold what was read for them, so only so many get large pieces.
    let isLarge = range.count > UInt64(Self.smallPieceBytes) && large.begin()
    defer { if isLarge { large.end() } }
    // One is being read, the one before is being sent, and the one before that may not have left the socket's queue
    // yet.
    let buffers = isLarge ? spare.take(3) : (0..<3).map { _ in ReusedBuffer() }
    defer { if isLarge { spare.give(buffers) } }
    let pieceBytes = UInt64(isLarge ? Self.pieceBytes : Self.smallPieceBytes)
    var turn = 0
    var offset = range.lowerBound
    while offset < range.upperBound {
      let piece = try await piece(of: representation, range, at: offset, upTo: pieceBytes, into: buffers[turn])
      offset += UInt64(piece.readableBytes)
      turn = (turn + 1) % buffers.count
      try await writer.write(piece)
      // The writer only hands the piece over, and holds its caller back once the connection has seen that its queue is
      // full. Another thread has to wait for that, or a busy loop would gather pieces without end.
      if !loop.inEventLoop { try await loop.submit {}.get() }
    }
  }

  private func piece(
    of representation: BlobRepresentation, _ range: Range<UInt64>, at offset: UInt64, upTo pieceBytes: UInt64,
    into reused: ReusedBuffer
  ) async throws -> ByteBuffer {
    let count = min(pieceBytes, range.upperBound - offset)
    // The last piece makes the response a success, so it goes only while the blob is what was
    // verified.
    if offset + count == range.upperBound { try await representation.blob.confirmUnchanged() }
    let buffer = try await representation.piece(at: offset, count: Int(count), into: reused)
    // Fewer bytes than announced break the connection, which the client notices.
    guard buffer.readableBytes == Int(count) else { throw BlobStoreError.failed("a blob became shorter") }
    return buffer
  }
}
