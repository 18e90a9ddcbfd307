import Synchronization

/// Carries frames inside one process: the twin of ``ZeroMQTransport`` for tests.
///
/// Every instance is a network of its own. Endpoints are any text; a `:0` at the end becomes a number that is free. A
/// listener's address can be silenced, as a stopped process or a cut cable silences it: its connections stand, and
/// nothing comes through.
package final class InMemoryTransport: MessageTransport {
  fileprivate struct Link {
    let endpoint: String
    let dialer: InMemoryInbox<DialerEvent>
    let options: TransportOptions
    let connection: ConnectionID
    let identity: BusPeer?
    /// Set while a listener is at the other end.
    var peer: PeerID?
  }

  fileprivate struct LinkKey: Hashable {
    let dialer: Int
    let connection: ConnectionID
  }

  fileprivate struct Listener {
    let inbox: InMemoryInbox<PeerFrame>
    let options: TransportOptions
  }

  fileprivate struct Network {
    var listeners: [String: Listener] = [:]
    var links: [LinkKey: Link] = [:]
    var linksByPeer: [PeerID: LinkKey] = [:]
    var silenced: Set<String> = []
    var lastNumber = 0

    mutating func nextNumber() -> Int {
      lastNumber += 1
      return lastNumber
    }
  }

  private let network = Mutex(Network())

  package init() {}

  /// Listens in this network, as ``MessageTransport`` describes.
  package func listen(
    on endpoint: String, options: TransportOptions, receive: @escaping @Sendable ([PeerFrame]) -> Void
  ) async throws(TransportError) -> any TransportListener {
    let inbox = InMemoryInbox(label: endpoint, capacity: options.queuedFrames, receive: receive)
    let bound: String? = network.withLock { network in
      let bound = endpoint.hasSuffix(":0") ? endpoint.dropLast() + "\(network.nextNumber())" : endpoint
      guard network.listeners[bound] == nil else { return nil }
      network.listeners[bound] = Listener(inbox: inbox, options: options)
      for (key, link) in network.links where link.endpoint == bound { network.open(key) }
      return bound
    }
    guard let bound else {
      throw TransportError(
        endpoint: endpoint, description: "another listener has \(endpoint): stop it, or choose another address",
        isAddressInUse: true)
    }
    return InMemoryListener(endpoint: bound, inbox: inbox, transport: self)
  }

  /// Makes a dialer of this network whose peers have no identity.
  package func makeDialer(
    options: TransportOptions, receive: @escaping @Sendable ([DialerEvent]) -> Void
  ) async throws(TransportError) -> any TransportDialer {
    makeDialer(options: options, identity: nil, receive: receive)
  }

  /// The same network for a process whose dialers are known by this peer.
  package func identified(as peer: BusPeer) -> any MessageTransport {
    IdentifiedInMemoryTransport(network: self, identity: peer)
  }

  func makeDialer(
    options: TransportOptions, identity: BusPeer?, receive: @escaping @Sendable ([DialerEvent]) -> Void
  ) -> InMemoryDialer {
    let number = network.withLock { $0.nextNumber() }
    let inbox = InMemoryInbox(label: "dialer \(number)", capacity: options.queuedFrames, receive: receive)
    return InMemoryDialer(number: number, inbox: inbox, options: options, identity: identity, transport: self)
  }

  /// Drops every frame to and from `endpoint` until `restore`, without closing a connection.
  package func silence(_ endpoint: String) {
    network.withLock { _ = $0.silenced.insert(endpoint) }
  }

  /// Lets frames to and from `endpoint` through again; those that were dropped stay lost.
  package func restore(_ endpoint: String) {
    network.withLock { _ = $0.silenced.remove(endpoint) }
  }

  // MARK: For listeners

  /// Does nothing if another listener has taken the address since.
  func unlisten(_ endpoint: String, inbox: InMemoryInbox<PeerFrame>) {
    network.withLock { network in
      guard network.listeners[endpoint]?.inbox === inbox else { return }
      network.listeners[endpoint] = nil
      for (key, link) in network.links where link.endpoint == endpoint { network.shut(key) }
    }
  }

  /// - Returns: false if the frame was dropped.
  func send(_ frame: [UInt8], to peer: PeerID) -> Bool {
    network.withLock { network in
      guard let key = network.linksByPeer[peer], let link = network.links[key] else { return false }
      guard !network.silenced.contains(link.endpoint) else { return true }
      guard frame.count <= link.options.maximumFrameSize else {
        network.shut(key)
        network.open(key)
        return true
      }
      return link.dialer.deliver(.frame(link.connection, frame))
    }
  }

  // MARK: For dialers

  func connect(
    _ connection: ConnectionID, of dialer: Int, inbox: InMemoryInbox<DialerEvent>, options: TransportOptions,
    identity: BusPeer?, to endpoint: String
  ) {
    network.withLock { network in
      let key = LinkKey(dialer: dialer, connection: connection)
      network.links[key] = Link(
        endpoint: endpoint, dialer: inbox, options: options, connection: connection, identity: identity)
      if network.listeners[endpoint] != nil { network.open(key) }
    }
  }

  func disconnect(_ connection: ConnectionID, of dialer: Int) {
    network.withLock { network in
      let link = network.links.removeValue(forKey: LinkKey(dialer: dialer, connection: connection))
      if let peer = link?.peer { network.linksByPeer[peer] = nil }
    }
  }

  func disconnectAll(of dialer: Int) {
    let connections = network.withLock { network in
      network.links.keys.filter { $0.dialer == dialer }.map(\.connection)
    }
    for connection in connections { disconnect(connection, of: dialer) }
  }

  /// - Returns: false if the frame was not queued.
  func send(_ frame: [UInt8], on connection: ConnectionID, of dialer: Int) -> Bool {
    network.withLock { network in
      let key = LinkKey(dialer: dialer, connection: connection)
      guard let link = network.links[key], let peer = link.peer, let listener = network.listeners[link.endpoint] else {
        return false
      }
      guard !network.silenced.contains(link.endpoint) else { return true }
      guard frame.count <= listener.options.maximumFrameSize else {
        network.shut(key)
        network.open(key)
        return true
      }
      return listener.inbox.deliver(PeerFrame(peer: peer, frame: frame))
    }
  }
}

extension InMemoryTransport.Network {
  fileprivate mutating func open(_ key: InMemoryTransport.LinkKey) {
    guard var link = links[key], link.peer == nil else { return }
    let number = UInt64(nextNumber())
    let peer = PeerID((0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }, identity: link.identity)
    link.peer = peer
    links[key] = link
    linksByPeer[peer] = key
    link.dialer.report(.opened(link.connection))
  }

  fileprivate mutating func shut(_ key: InMemoryTransport.LinkKey) {
    guard var link = links[key], let peer = link.peer else { return }
    link.peer = nil
    links[key] = link
    linksByPeer[peer] = nil
    link.dialer.report(.closed(link.connection))
  }
}

/// The dialers of one peer on an ``InMemoryTransport``.
private struct IdentifiedInMemoryTransport: MessageTransport {
  let network: InMemoryTransport
  let identity: BusPeer

  func listen(
    on endpoint: String, options: TransportOptions, receive: @escaping @Sendable ([PeerFrame]) -> Void
  ) async throws(TransportError) -> any TransportListener {
    try await network.listen(on: endpoint, options: options, receive: receive)
  }

  func makeDialer(
    options: TransportOptions, receive: @escaping @Sendable ([DialerEvent]) -> Void
  ) async throws(TransportError) -> any TransportDialer {
    network.makeDialer(options: options, identity: identity, receive: receive)
  }
}
