import Logging
import ZeroMQ

/// Sees to it that a listener hears only those whose keys are among the peers: at the handshake, and as long as the
/// connection lasts.
final class ListenerGuardian {
  private let security: BusSecurity
  private let authenticator: ZeroMQAuthenticator
  private var peers: BusPeers
  private var revision: Int
  /// Who sent the last message, as many of them come in a row.
  private var last: (key: CurvePublicKey, peer: BusPeer)?
  private var report = OccasionalReport()

  init(_ security: BusSecurity, in context: ZeroMQContext) throws(ZeroMQError) {
    self.security = security
    revision = security.peers.revision
    peers = security.peers.peers
    authenticator = try ZeroMQAuthenticator(in: context)
  }

  /// Where handshakes wait to be answered.
  var socket: ZeroMQSocket { authenticator.socket }

  /// Sets up the listener's socket; called before it is bound.
  func secure(_ socket: ZeroMQSocket) throws(ZeroMQError) {
    try socket.serveCurve(security.key.keyPair, authenticator)
  }

  func answerHandshakes() throws(ZeroMQError) {
    try authenticator.answer { key, address in
      refresh()
      if peers[key] != nil { return true }
      if let count = report.add() {
        security.logger?.warning(
          "an unknown key was refused",
          metadata: ["key": "\(key.text)", "source": "\(address)", "count": "\(count)"])
      }
      return false
    }
  }

  /// Who sent a message; nil if the key is not among the peers any more.
  func sender(of message: borrowing ZeroMQMessage) -> BusPeer? {
    refresh()
    if let last, message.isFrom(last.key) { return last.peer }
    guard let key = message.sender, let peer = peers[key] else { return nil }
    last = (key, peer)
    return peer
  }

  private func refresh() {
    let now = security.peers.revision
    guard now != revision else { return }
    revision = now
    peers = security.peers.peers
    last = nil
  }
}
