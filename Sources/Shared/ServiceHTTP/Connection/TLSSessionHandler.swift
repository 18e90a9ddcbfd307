import Logging
import Metrics
import NIOCore
import NIOSSL
import NIOTLS

/// Stands right behind the TLS of a connection: bounds the handshake, finds out who the client is, and lets nothing of a
/// client through that is not welcome.
final class TLSSessionHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  let session: TLSSession
  private let tls: NIOSSLServerHandler
  private let revocations: RevocationList?
  private let entry: ConnectionLedger.Entry
  private let handshakeTimeout: Duration
  private let logger: Logger
  private var timer: Scheduled<Void>?
  private var isOpen = false
  private var isRefused = false

  init(
    channel: any Channel, tls: NIOSSLServerHandler, revocations: RevocationList?,
    entry: ConnectionLedger.Entry, handshakeTimeout: Duration, logger: Logger
  ) {
    session = TLSSession(channel: channel)
    self.tls = tls
    self.revocations = revocations
    self.entry = entry
    self.handshakeTimeout = handshakeTimeout
    self.logger = logger
  }

  func handlerAdded(context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(handshakeTimeout)) {
      self.refuse(context, "handshake-too-slow", nil)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    revocations?.forget(session)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent { handshakeCompleted(context) }
    if !isRefused { context.fireUserInboundEventTriggered(event) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What a client sent along with the end of its handshake comes even after the connection was cut.
    if !isRefused { context.fireChannelRead(data) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError, is NIOSSLCloseTimedOutError, is NIOTLSUnwrappingError:
      // TLS closes the connection where it has to, and the parser notices a request that is cut off. Above there is
      // nobody who could answer.
      if !isOpen, !isRefused { note(context, "handshake-failed", error) }
    default: context.fireErrorCaught(error)
    }
  }

  private func handshakeCompleted(_ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    do {
      // Also for a session that was resumed, whose certificate was verified some time ago.
      if let certificate = try tls.peerCertificate.map(PeerCertificate.init) {
        guard !certificate.isExpired else { throw RefusedPeer.expired }
        session.certificate = certificate
        guard revocations?.admit(session, with: certificate) ?? true else { throw RefusedPeer.revoked }
        entry.vouch(by: certificate.identity.description)
      }
      isOpen = true
    } catch {
      session.certificate = nil
      refuse(context, (error as? RefusedPeer)?.rawValue ?? "certificate-unreadable", error)
    }
  }

  private func refuse(_ context: ChannelHandlerContext, _ reason: String, _ error: (any Error)?) {
    guard !isRefused else { return }
    note(context, reason, error)
    isRefused = true
    session.cut()
  }

  private func note(_ context: ChannelHandlerContext, _ reason: String, _ error: (any Error)?) {
    Counter(label: "http_server_refused_clients_total", dimensions: [("reason", reason)]).increment()
    var metadata: Logger.Metadata = [
      "reason": "\(reason)", "source": "\(context.remoteAddress?.ipAddress ?? "unknown")",
    ]
    if let error { metadata["error"] = "\(error)" }
    logger.info("client refused", metadata: metadata)
  }
}
