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
  let ledger: ConnectionLedger
  let tls: ServerTLS?
  let responder: HTTPChannelHandler.Responder

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTPConnection> {
    channel.eventLoop.makeCompletedFuture {
      let entry = admit(channel)
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
      let session = try tls.map { try addTLS($0, channel, entry, logger) }
      let meter = InboundMeter()
      try pipeline.addHandler(meter)
      // Pipelined requests wait in the asynchronous channel, errors are the guard's, and headers were validated when
      // they were made.
      try pipeline.configureHTTPServerPipeline(
        withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
        withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
        withDecoderLimitConfiguration: decoder)
      try pipeline.addHandler(RequestHeadCheck())
      try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
      try pipeline.addHandler(ConnectionGuard(limits: limits, entry: entry, meter: meter, isOpen: tls == nil))
      try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: limits.idleTimeout, logger: logger))
      return HTTPConnection(
        requests: try NIOAsyncChannel(
          wrappingChannelSynchronously: channel,
          configuration: .init(backPressureStrategy: Self.waitingPieces, isOutboundHalfClosureEnabled: true)),
        entry: entry, session: session)
    }
  }

  func handle(value: HTTPConnection, logger: Logger) async {
    await withTaskExecutorPreference(EventLoopTaskExecutor(value.channel.eventLoop)) {
      await ConnectionLedger.Entry.$current.withValue(value.entry) {
        await TLSSession.$current.withValue(value.session) {
          await handleHTTP(asyncChannel: value.takeRequests(), logger: logger)
        }
      }
    }
  }

  private func admit(_ channel: any Channel) -> ConnectionLedger.Entry {
    let source = channel.remoteAddress?.ipAddress ?? "unknown"
    if let entry = ledger.open(source, cut: { channel.cut() }) {
      channel.closeFuture.whenComplete { _ in entry.closed() }
      return entry
    }
    // Once it is registered: before that it can't be closed.
    channel.eventLoop.execute { channel.cut() }
    return ledger.stranger(source)
  }

  private func addTLS(
    _ tls: ServerTLS, _ channel: any Channel, _ entry: ConnectionLedger.Entry, _ logger: Logger
  ) throws -> TLSSession {
    var configuration = NIOSSLHandler.Configuration()
    configuration.maximumPreservedOutboundBufferCapacity = Self.keptCiphertextBytes
    let handler = NIOSSLServerHandler(context: tls.context, configuration: configuration)
    let sessions = TLSSessionHandler(
      channel: channel, tls: handler, revocations: tls.revocations, entry: entry,
      handshakeTimeout: limits.handshakeTimeout, logger: logger)
    try channel.pipeline.syncOperations.addHandlers(handler, sessions)
    return sessions.session
  }
}

extension Channel {
  /// Closes the connection at once: past TLS, which would wait for what the peer still has to say.
  func cut() {
    eventLoop.execute {
      let context = try? self.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
      if let context { context.close(promise: nil) } else { self.close(promise: nil) }
    }
  }
}
