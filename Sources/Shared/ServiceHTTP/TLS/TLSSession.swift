import NIOCore
import NIOSSL
import Synchronization

/// What is known of the client at the other end of one connection.
final class TLSSession: Sendable {
  /// Of the connection whose requests the task answers; nil without TLS.
  @TaskLocal static var current: TLSSession?

  private let channel: any Channel
  private let verified = Mutex<PeerCertificate?>(nil)

  init(channel: any Channel) {
    self.channel = channel
  }

  /// Nil before the handshake, and for a client without a certificate.
  var certificate: PeerCertificate? {
    get { verified.withLock { $0 } }
    set { verified.withLock { $0 = newValue } }
  }

  /// Closes the connection at once: past TLS, which would wait for what the peer still has to say.
  func cut() {
    channel.eventLoop.execute { [channel] in
      let context = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
      if let context { context.close(promise: nil) } else { channel.close(promise: nil) }
    }
  }
}
