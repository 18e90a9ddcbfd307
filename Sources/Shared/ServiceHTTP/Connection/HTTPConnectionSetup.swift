import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// Makes HTTP/1.1 connections that carry bodies fast: they read in large pieces, and all that is done for a connection
/// is done by the thread that has its socket.
struct HTTPConnectionSetup: HTTPChannelHandler {
  /// The most that is read at once. A connection starts with 2 KiB and gets there by doubling, so that those with small
  /// requests take little memory.
  private static let largestReadBytes = 128 << 10
  /// How many reads are done before anything else, and how many buffers the connection uses again and again.
  private static let readsAtOnce = 16
  /// How many pieces may wait for their handler before no more are read, and when reading goes on.
  private static let waitingPieces = NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark(
    lowWatermark: 2, highWatermark: 4)

  /// What a connection keeps of the memory that it needed to encrypt a piece of a response.
  private static let keptCiphertextBytes = 320 << 10

  let limits: HTTPLimits
  let counter: ConnectionCounter
  let tls: ServerTLS?
  let responder: HTTPChannelHandler.Responder

  func setup(
    channel: any Channel, logger: Logger
  ) -> EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>> {
    channel.eventLoop.makeCompletedFuture {
      if let options = channel.syncOptions {
        try options.setOption(
          .recvAllocator,
          value: AdaptiveRecvByteBufferAllocator(
            minimum: 64, initial: 2 << 10, maximum: Self.largestReadBytes))
        try options.setOption(
          .maxMessagesPerRead, value: ChannelOptions.Types.MaxMessagesPerReadOption.Value(Self.readsAtOnce))
      }
      var decoder = NIOHTTPDecoderLimitConfiguration()
      decoder.maxHeaderListSize = limits.maximumHeaderBytes
      // Also the bound of the target, which is checked against its own afterwards.
      decoder.maxHeaderFieldSize = max(limits.maximumHeaderBytes, limits.maximumTargetBytes + 1_024)
      decoder.maxHeaderFieldCount = limits.maximumHeaderFields
      let pipeline = channel.pipeline.syncOperations
      if let tls { try addTLS(tls, channel, logger) }
      // Pipelined requests wait in the asynchronous channel, errors are the guard's, and headers were validated when
      // they were made.
      try pipeline.configureHTTPServerPipeline(
        withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
        withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
        withDecoderLimitConfiguration: decoder)
      try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
      try pipeline.addHandler(ConnectionGuard(limits: limits, counter: counter))
      try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: limits.idleTimeout, logger: logger))
      return try NIOAsyncChannel(
        wrappingChannelSynchronously: channel,
        configuration: .init(backPressureStrategy: Self.waitingPieces, isOutboundHalfClosureEnabled: true))
    }
  }

  func handle(value: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, logger: Logger) async {
    await withTaskExecutorPreference(EventLoopTaskExecutor(value.channel.eventLoop)) {
      await TLSSession.$current.withValue(session(value.channel)) {
        await handleHTTP(asyncChannel: value, logger: logger)
      }
    }
  }

  private func addTLS(_ tls: ServerTLS, _ channel: any Channel, _ logger: Logger) throws {
    var configuration = NIOSSLHandler.Configuration()
    configuration.maximumPreservedOutboundBufferCapacity = Self.keptCiphertextBytes
    let handler = NIOSSLServerHandler(context: tls.context, configuration: configuration)
    try channel.pipeline.syncOperations.addHandlers(
      handler,
      TLSSessionHandler(
        channel: channel, tls: handler, revocations: tls.revocations, handshakeTimeout: limits.handshakeTimeout,
        logger: logger))
  }

  /// Nil without TLS, and for a connection that has ended already.
  private func session(_ channel: any Channel) async -> TLSSession? {
    guard tls != nil else { return nil }
    return try? await channel.eventLoop.submit {
      try channel.pipeline.syncOperations.handler(type: TLSSessionHandler.self).session
    }.get()
  }
}
