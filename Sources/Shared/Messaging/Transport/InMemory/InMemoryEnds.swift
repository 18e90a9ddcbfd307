import Synchronization

final class InMemoryListener: TransportListener {
  let endpoint: String
  private let inbox: InMemoryInbox<PeerFrame>
  private let transport: InMemoryTransport
  private let dropped = Atomic<Int>(0)

  init(endpoint: String, inbox: InMemoryInbox<PeerFrame>, transport: InMemoryTransport) {
    self.endpoint = endpoint
    self.inbox = inbox
    self.transport = transport
  }

  deinit {
    transport.unlisten(endpoint, inbox: inbox)
  }

  var executor: (any TaskExecutor)? { nil }

  var droppedFrames: Int { dropped.load(ordering: .relaxed) }

  func send(_ frame: [UInt8], to peer: PeerID) {
    if !transport.send(frame, to: peer) { dropped.add(1, ordering: .relaxed) }
  }

  func close() async {
    transport.unlisten(endpoint, inbox: inbox)
    await inbox.close()
  }
}

final class InMemoryDialer: TransportDialer {
  private let number: Int
  private let inbox: InMemoryInbox<DialerEvent>
  private let options: TransportOptions
  private let identity: BusPeer?
  private let transport: InMemoryTransport

  init(
    number: Int, inbox: InMemoryInbox<DialerEvent>, options: TransportOptions, identity: BusPeer?,
    transport: InMemoryTransport
  ) {
    self.number = number
    self.inbox = inbox
    self.options = options
    self.identity = identity
    self.transport = transport
  }

  deinit {
    transport.disconnectAll(of: number)
  }

  var executor: (any TaskExecutor)? { nil }

  func connect(_ connection: ConnectionID, to endpoint: String) {
    transport.connect(connection, of: number, inbox: inbox, options: options, identity: identity, to: endpoint)
  }

  func disconnect(_ connection: ConnectionID) {
    transport.disconnect(connection, of: number)
  }

  func send(_ frame: [UInt8], on connection: ConnectionID, token: UInt64) {
    if !transport.send(frame, on: connection, of: number) { inbox.report(.unsent(connection, token: token)) }
  }

  func close() async {
    transport.disconnectAll(of: number)
    await inbox.close()
  }
}
