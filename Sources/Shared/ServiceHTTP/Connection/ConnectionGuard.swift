import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOTLS

/// Keeps one connection within the limits: slow, endless and malformed requests end with an answer or without, but they
/// end. Stands between the HTTP codec and the server.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let limits: HTTPLimits
  private let entry: ConnectionLedger.Entry
  private let meter: InboundMeter
  /// No more is read: what comes is framing without end.
  private var isDeaf = false
  private var bytesBeforeLingering: UInt64 = 0
  private var state: ConnectionState
  private var timer: Scheduled<Void>?
  /// A response's head was written, and nothing of what follows it.
  private var isHeadAlone = false

  /// - Parameters:
  ///   - entry: the connection in the server's ledger.
  ///   - meter: counts what comes to the parser.
  ///   - isOpen: whether requests may come at once, or only after TLS was agreed on.
  init(limits: HTTPLimits, entry: ConnectionLedger.Entry, meter: InboundMeter, isOpen: Bool) {
    self.limits = limits
    self.entry = entry
    self.meter = meter
    state = ConnectionState(limits: limits, isOpen: isOpen, now: .now)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    scheduleCheck(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    state.closed()
    context.fireChannelInactive()
  }

  // MARK: Inbound

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let arrival: ConnectionState.Arrival
    switch unwrapInboundIn(data) {
    case .head(let head):
      guard entry.isAdmitted else {
        fail(
          context,
          .unavailable(
            reason: "too-many-connections", detail: "the server has all the connections that it takes; try again soon"))
        return
      }
      arrival = state.headArrived(wantsClose: head.headerFields[.connection].map(Self.saysClose) ?? false)
      if arrival == .forward {
        entry.isBusy = true
        entry.givesWay = true
      }
    case .body(let bytes): arrival = state.bodyArrived(bytes: bytes.readableBytes)
    case .end:
      arrival = state.endArrived()
      entry.givesWay = false
    }
    if arrival == .forward { context.fireChannelRead(data) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    state.readFinished(now: .now, receivedBytesOnWire: meter.receivedBytes)
    if state.isFramingExcessive, !isDeaf {
      isDeaf = true
      fail(
        context,
        ProblemError(
          .badRequest, reason: "excessive-framing",
          detail: "the chunks of the body are nearly all size and extension; send larger ones without extensions"))
    }
    context.fireChannelReadComplete()
    // What the server does not ask for any more is read here, to be thrown away: as much as is likely on its way when the
    // answer comes, and not for as long as somebody likes to send.
    guard state.isLingering else { return }
    if meter.receivedBytes - bytesBeforeLingering > ConnectionState.lingerBytes {
      context.close(promise: nil)
    } else {
      context.read()
    }
  }

  func read(context: ChannelHandlerContext) {
    guard !isDeaf else { return }
    state.readRequested(now: .now)
    context.read()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Errors of the socket itself leave nobody to answer to.
    guard !(error is IOError), !(error is ChannelError) else {
      context.fireErrorCaught(error)
      return
    }
    fail(context, ProblemError(mapping: error) ?? Self.unreadable, error)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent, state.isLingering {
      context.close(promise: nil)
      return
    }
    if case .handshakeCompleted? = event as? TLSUserEvent { state.opened(now: .now) }
    context.fireUserInboundEventTriggered(event)
  }

  private func fail(_ context: ChannelHandlerContext, _ problem: ProblemError, _ error: (any Error)? = nil) {
    switch state.failed(problem) {
    case .answer(let problem): answer(context, problem)
    case .forward: context.fireErrorCaught(error ?? problem)
    case .hold, .ignore: break
    }
  }

  // MARK: Outbound

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      let saysClose = entry.isLast || head.headerFields[.connection].map(Self.saysClose) ?? false
      if state.headWritten(isInformational: head.status.kind == .informational, saysClose: saysClose) {
        head.headerFields[.connection] = "close"
      }
      isHeadAlone = head.status.kind != .informational
      // From now on it is the client's pace.
      if isHeadAlone { entry.givesWay = true }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      isHeadAlone = false
      state.writeStarted(now: .now)
      let promise = promise ?? context.eventLoop.makePromise()
      promise.futureResult.assumeIsolated().whenComplete { _ in self.state.writeFinished(now: .now) }
      context.write(data, promise: promise)
    case .end:
      isHeadAlone = false
      let promise = promise ?? context.eventLoop.makePromise()
      writeEnd(context, data, promise)
    }
  }

  /// The server flushes each part of a response by itself. A head waits for what comes in the same turn of the loop: sent
  /// alone, it would wake the client for nothing.
  func flush(context: ChannelHandlerContext) {
    guard isHeadAlone else {
      context.flush()
      return
    }
    context.eventLoop.assumeIsolated().execute { context.flush() }
  }

  private func writeEnd(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>) {
    switch state.endWritten(now: .now) {
    case .carryOn:
      if !state.isAnswering { entry.isBusy = false }
      context.write(data, promise: promise)
    case .linger:
      promise.futureResult.assumeIsolated().whenComplete { _ in self.linger(context) }
      context.writeAndFlush(data, promise: promise)
    case .answer(let problem):
      context.write(data, promise: promise)
      answer(context, problem)
    }
  }

  /// Tells the peer that nothing more comes, and takes what it still sends off the socket.
  private func linger(_ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    bytesBeforeLingering = meter.receivedBytes
    context.close(mode: .output, promise: nil)
    context.read()
    scheduleCheck(context, in: ConnectionState.lingerTimeout)
  }

  /// Answers without the server's help. The connection ends afterwards.
  private func answer(_ context: ChannelHandlerContext, _ problem: ProblemError) {
    let body = ByteBuffer(bytes: problem.document.encoded())
    var head = HTTPResponse(status: problem.document.status, headerFields: problem.headers)
    head.headerFields[.contentType] = ProblemDocument.contentType
    head.headerFields[.contentLength] = String(body.readableBytes)
    write(context: context, data: wrapOutboundOut(.head(head)), promise: nil)
    write(context: context, data: wrapOutboundOut(.body(body)), promise: nil)
    write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
    context.flush()
  }

  // MARK: Time

  private func scheduleCheck(_ context: ChannelHandlerContext, in delay: Duration? = nil) {
    timer?.cancel()
    let delay = delay ?? min(limits.slownessWindow, limits.writeTimeout, limits.headTimeout) / 3
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { self.check(context) }
  }

  private func check(_ context: ChannelHandlerContext) {
    switch state.check(now: .now) {
    case .fine: break
    case .tooSlow: context.fireErrorCaught(SlowBodyError())
    case .headTooSlow: fail(context, Self.slowHead)
    case .close:
      context.close(promise: nil)
      return
    }
    scheduleCheck(context)
  }

  private static func saysClose(_ value: String) -> Bool {
    value.split(separator: ",").contains { $0.filter { $0 != " " }.lowercased() == "close" }
  }

  private static let slowHead = ProblemError(
    .requestTimeout, reason: "head-too-slow",
    detail: "the request's head came too slowly and was not waited for; send it in one piece")
  private static let unreadable = ProblemError(
    .badRequest, reason: "invalid-request", detail: "the request is not valid HTTP/1.1")
}
