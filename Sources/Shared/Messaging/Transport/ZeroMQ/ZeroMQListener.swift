import Synchronization
import ZeroMQ

/// What the rest of the process sees of a listening thread.
final class ZeroMQListener: TransportListener {
  enum Command: Sendable {
    case send([UInt8], to: PeerID)
    case close
  }

  let endpoint: String
  private let mailbox: Mailbox<Command>
  private let wake: WakeSignal
  private let ended: Latch
  private let dropped: DropCount

  init(endpoint: String, mailbox: Mailbox<Command>, wake: WakeSignal, ended: Latch, dropped: DropCount) {
    self.endpoint = endpoint
    self.mailbox = mailbox
    self.wake = wake
    self.ended = ended
    self.dropped = dropped
  }

  deinit {
    // Nobody can close it any more, so the thread must not wait for that.
    post(.close)
  }

  var droppedFrames: Int { dropped.value.load(ordering: .relaxed) }

  func send(_ frame: [UInt8], to peer: PeerID) {
    post(.send(frame, to: peer))
  }

  func close() async {
    post(.close)
    await ended.wait()
  }

  private func post(_ command: Command) {
    if mailbox.post(command) { wake.raise() }
  }
}

/// Frames that could not be sent, counted by one thread and read by any.
final class DropCount: Sendable {
  let value = Atomic<Int>(0)
}

/// The thread that owns a ROUTER.
final class ZeroMQListenerLoop {
  /// Frames handed on at once: enough to spread the cost of handing on, and few enough for replies
  /// not to wait for long.
  private static let batchSize = 256

  let endpoint: String
  let dropped = DropCount()
  private let socket: ZeroMQSocket
  private let claim: IPCAddressClaim?
  private let mailbox: Mailbox<ZeroMQListener.Command>
  private let wake: WakeSignal
  private let receive: @Sendable ([PeerFrame]) -> Void
  private let identity = ZeroMQMessage()
  private let body = ZeroMQMessage()

  init(
    endpoint: String, options: TransportOptions, mailbox: Mailbox<ZeroMQListener.Command>, wake: WakeSignal,
    receive: @escaping @Sendable ([PeerFrame]) -> Void
  ) throws(TransportError) {
    claim = try IPCAddressClaim(endpoint: endpoint)
    do throws(ZeroMQError) {
      socket = try ZeroMQSocket(.router, in: ZeroMQContext())
      try socket.setCommonOptions(options, endpoint: endpoint)
      try socket.set(.lingerMilliseconds(options.linger.milliseconds))
      try socket.set(.routerMandatory(true))
      // Clients that vanish without a word are forgotten after this.
      try socket.set(.heartbeatIntervalMilliseconds(10_000))
      try socket.set(.heartbeatTimeoutMilliseconds(10_000))
      try socket.set(.handshakeTimeoutMilliseconds(5_000))
      try socket.bind(endpoint)
      self.endpoint = try socket.lastEndpoint()
    } catch {
      throw TransportError(error, endpoint: endpoint)
    }
    self.mailbox = mailbox
    self.wake = wake
    self.receive = receive
  }

  /// Returns after `close`.
  func run() {
    do throws(ZeroMQError) {
      try serve()
    } catch {
      // libzmq refuses a socket that its owner uses rightly only if memory is corrupt.
      fatalError("listener on \(endpoint): \(error)")
    }
  }

  private func serve() throws(ZeroMQError) {
    var poller = ZeroMQPoller()
    poller.add(socket)
    poller.add(wake)
    var commands: [ZeroMQListener.Command] = []
    var frames: [PeerFrame] = []
    var patience = Patience()
    while true {
      mailbox.take(into: &commands)
      if !commands.isEmpty { patience.renew() }
      for command in commands {
        guard case .send(let frame, let peer) = command else { return }
        send(frame, to: peer)
      }
      commands.removeAll(keepingCapacity: true)
      while frames.count < Self.batchSize, let frame = try nextFrame() { frames.append(frame) }
      if !frames.isEmpty {
        receive(frames)
        frames.removeAll(keepingCapacity: true)
        patience.renew()
      } else if patience.isOver, mailbox.announceSleep() {
        _ = try poller.wait()
        wake.lower()
      }
    }
  }

  private func nextFrame() throws(ZeroMQError) -> PeerFrame? {
    guard try socket.receive(into: identity) else { return nil }
    let peer = PeerID(identity.bytes)
    // A message arrives with all its frames or not at all.
    guard identity.hasMore, try socket.receive(into: body) else { return PeerFrame(peer: peer, frame: nil) }
    guard body.hasMore else { return PeerFrame(peer: peer, frame: body.bytes) }
    while body.hasMore, try socket.receive(into: body) {}
    return PeerFrame(peer: peer, frame: nil)
  }

  private func send(_ frame: [UInt8], to peer: PeerID) {
    // The peer is gone, or does not read: either way it will not have its answer.
    guard (try? socket.send(peer.bytes, more: true)) == true, (try? socket.send(frame)) == true else {
      dropped.value.add(1, ordering: .relaxed)
      return
    }
  }
}

extension ZeroMQSocket {
  func setCommonOptions(_ options: TransportOptions, endpoint: String) throws(ZeroMQError) {
    try set(.sendHighWaterMark(Int32(clamping: options.queuedFrames)))
    try set(.receiveHighWaterMark(Int32(clamping: options.queuedFrames)))
    try set(.maximumMessageSize(Int64(options.maximumFrameSize)))
    // An IPv6 socket would turn IPv4 addresses into mapped ones.
    try set(.ipv6(endpoint.contains("[")))
  }
}

extension Duration {
  /// Rounded up, so that a short wait does not become none.
  var milliseconds: Int32 {
    let (seconds, attoseconds) = components
    let milliseconds = Double(seconds) * 1e3 + Double(attoseconds) / 1e15
    return Int32(min(max(milliseconds.rounded(.up), 0), Double(Int32.max)))
  }
}
