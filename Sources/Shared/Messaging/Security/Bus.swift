package import Logging
import Wire

/// How a process takes part in the bus: with a key and a table of peers, or without either.
package struct Bus: Sendable {
  /// Connections without encryption, on which everybody may ask everything. For tests and benchmarks on one machine.
  package static let insecure = Bus(security: nil)

  let security: BusSecurity?

  private init(security: BusSecurity?) { self.security = security }

  /// - Parameter peers: who is let in, and which keys servers may have.
  package init(key: BusKey, peers: PeerTable) {
    self.init(security: BusSecurity(key: key, peers: peers, watch: nil, logger: nil))
  }

  /// Takes key and peers from files. The folder of peers is read again whenever it changes.
  package init(keyFile: String, peersFolder: String, logger: Logger) throws(KeyFileError) {
    let key = try BusKey(file: keyFile)
    let watch = try PeerFolderWatch(PeerFolder(peersFolder), logger: logger)
    self.init(security: BusSecurity(key: key, peers: watch.table, watch: watch, logger: logger))
  }

  /// Who this process is to others; nil on an insecure bus.
  package var identity: BusPeer? { security?.key.peer }

  /// Whether a process with the same table of peers would let this one in.
  package var knowsItself: Bool {
    guard let security else { return true }
    return security.peers.peers[security.key.publicKey] == security.key.peer
  }
}

/// A key and the peers that go with it.
final class BusSecurity: Sendable {
  let key: BusKey
  let peers: PeerTable
  /// Where refused peers are noted.
  let logger: Logger?
  private let watch: PeerFolderWatch?

  init(key: BusKey, peers: PeerTable, watch: PeerFolderWatch?, logger: Logger?) {
    self.key = key
    self.peers = peers
    self.watch = watch
    self.logger = logger
  }
}
