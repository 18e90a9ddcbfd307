import Foundations
import Glibc
package import Wire
package import ZeroMQ

/// The public keys that are let in, and whose they are.
package struct BusPeers: Sendable, Equatable {
  private var peers: [CurvePublicKey: BusPeer] = [:]

  package init() {}

  /// The public halves of these keys.
  package init(_ keys: [BusKey]) {
    for key in keys { peers[key.publicKey] = key.peer }
  }

  /// The peer that has this key; nil if nobody is known to have it.
  package subscript(key: CurvePublicKey) -> BusPeer? {
    get { peers[key] }
    set { peers[key] = newValue }
  }

  /// All keys of peers with this role, in a fixed order.
  package func keys(of role: BusRole) -> [CurvePublicKey] {
    peers.filter { $0.value.role == role }.map(\.key).sorted { $0.text < $1.text }
  }

  /// All peers, in the order of their roles and names.
  package var all: [(peer: BusPeer, key: CurvePublicKey)] {
    peers.map { ($0.value, $0.key) }.sorted { ($0.0.description, $0.1.text) < ($1.0.description, $1.1.text) }
  }
}
