import NIOCore

/// Counts the bytes of a connection on their way to the HTTP parser, also those that make up no request and no body: the
/// sizes of chunks, what is written beside them, and a head that does not end.
///
/// Belongs to its connection's event loop, as does whoever reads the count.
final class InboundMeter: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private(set) var receivedBytes: UInt64 = 0

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receivedBytes += UInt64(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }
}
