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
