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
