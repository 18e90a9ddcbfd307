import Synchronization

/// The peers that count now. Servers and clients that use the table notice when it changes.
package final class PeerTable: Sendable {
  private struct State {
    var peers: BusPeers
    var observers: [Int: @Sendable () -> Void] = [:]
    var lastObserver = 0
  }

  /// Ends with its last reference.
  final class Observation: Sendable {
    private let end: @Sendable () -> Void

    init(_ end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }
  }

  private let state: Mutex<State>
  private let changes = Atomic<Int>(0)

  package init(_ peers: BusPeers) {
    state = Mutex(State(peers: peers))
  }

  /// A copy of what the table says now.
  package var peers: BusPeers { state.withLock { $0.peers } }

  /// Differs after every change. Cheap enough to be looked at for every message.
  var revision: Int { changes.load(ordering: .acquiring) }

  /// Makes these the peers that count from now on.
  package func replace(_ peers: BusPeers) {
    let observers: [@Sendable () -> Void] = state.withLock { state in
      guard state.peers != peers else { return [] }
      state.peers = peers
      changes.add(1, ordering: .releasing)
      return Array(state.observers.values)
    }
    for observer in observers { observer() }
  }

  /// - Parameter changed: called after each change, on any thread, and must not block it.
  func observe(_ changed: @escaping @Sendable () -> Void) -> Observation {
    let number = state.withLock { state in
      state.lastObserver += 1
      state.observers[state.lastObserver] = changed
      return state.lastObserver
    }
    return Observation { [weak self] in self?.state.withLock { _ = $0.observers.removeValue(forKey: number) } }
  }
}
