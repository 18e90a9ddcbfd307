import NIOCore
import Synchronization

/// What is known of the client at the other end of one connection.
final class TLSSession: Sendable {
  /// The session of the connection whose requests the current task answers; nil without TLS.
  @TaskLocal static var current: TLSSession?

  private let channel: any Channel
  private let verified = Mutex<PeerCertificate?>(nil)

  init(channel: any Channel) {
    self.channel = channel
  }

  /// The certificate that the client showed; nil before the handshake, and for a client without one.
  var certificate: PeerCertificate? {
    get { verified.withLock { $0 } }
    set { verified.withLock { $0 = newValue } }
  }

  /// Closes the connection at once.
  func cut() { channel.cut() }
}
