import Synchronization
import ZeroMQ

/// Frames that could not be sent, counted by one thread and read by any.
final class DropCount: Sendable {
  let value = Atomic<Int>(0)
}

/// Owns a ROUTER.
final class ZeroMQListenerLoop: SocketLoop {
  /// Messages taken at once: enough to spread the cost of handing their frames on, and few enough for
  /// replies not to wait for long.
  private static let batchSize = 256

  let endpoint: String
  let dropped = DropCount()
  private let socket: ZeroMQSocket
  /// Decides who is let in; nil where keys are not asked for.
  private let guardian: ListenerGuardian?
  private let claim: IPCAddressClaim?
  private let thread: SocketThread
  private let mailbox: Mailbox<ZeroMQListener.Command>
  private let wake: WakeSignal
  private let receive: @Sendable ([PeerFrame]) -> Void
  private let takesBatches: Bool
  private let identity = ZeroMQMessage()
  private let body = ZeroMQMessage()
  private var poller = ZeroMQPoller()
  private var commands: [ZeroMQListener.Command] = []
  private var frames: [PeerFrame] = []
  private var patience = Patience()
  /// Who sent the last message, as many of them come in a row.
  private var lastPeer = PeerID([])
  private var batch = FrameBatch()
  private var batchPeer = PeerID([])

  init(
    endpoint: String, options: TransportOptions, security: BusSecurity?, thread: SocketThread,
    mailbox: Mailbox<ZeroMQListener.Command>, wake: WakeSignal, receive: @escaping @Sendable ([PeerFrame]) -> Void
  ) throws(TransportError) {
    claim = try IPCAddressClaim(endpoint: endpoint)
    do throws(ZeroMQError) {
      let context = try ZeroMQContext()
      // Before the socket listens.
      guardian = if let security { try ListenerGuardian(security, in: context) } else { nil }
      socket = try ZeroMQSocket(.router, in: context)
      try socket.setCommonOptions(options, endpoint: endpoint, isEncrypted: security != nil)
      try guardian?.secure(socket)
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
    takesBatches = options.maximumFrameSize >= FrameBatch.byteLimit
    self.thread = thread
    self.mailbox = mailbox
    self.wake = wake
    self.receive = receive
    poller.add(socket)
    poller.add(wake)
    if let guardian { poller.add(guardian.socket) }
  }

  func serve() -> SocketLoopPause {
    do throws(ZeroMQError) {
      return try serveSocket()
    } catch {
      // libzmq refuses a socket that its owner uses rightly only if memory is corrupt.
      fatalError("listener on \(endpoint): \(error)")
    }
  }

  private func serveSocket() throws(ZeroMQError) -> SocketLoopPause {
    while true {
      mailbox.take(into: &commands)
      if !commands.isEmpty {
        patience.renew()
        guard perform() else { return .closed }
      }
      try guardian?.answerHandshakes()
      var messages = 0
      while messages < Self.batchSize, try takeMessage() { messages += 1 }
      if messages > 0 { patience.renew() }
      if !frames.isEmpty {
        receive(frames)
        frames.removeAll(keepingCapacity: true)
      }
      if thread.hasJobs { return .tasksWait }
      if messages == 0, patience.isOver, mailbox.announceSleep() {
        _ = try poller.wait()
        wake.lower()
      }
    }
  }

  // MARK: Receiving

  /// - Returns: false if there is no message now.
  private func takeMessage() throws(ZeroMQError) -> Bool {
    guard try socket.receive(into: identity) else { return false }
    // A message arrives with all its frames or not at all.
    guard identity.hasMore, try socket.receive(into: body) else { return true }
    guard noteSender() else {
      while body.hasMore, try socket.receive(into: body) {}
      return true
    }
    guard !body.hasMore else {
      while body.hasMore, try socket.receive(into: body) {}
      frames.append(PeerFrame(peer: lastPeer, frame: nil))
      return true
    }
    body.withUnsafeBytes { bytes in
      guard FrameBatch.isBatch(bytes) else {
        return frames.append(PeerFrame(peer: lastPeer, frame: [UInt8](bytes)))
      }
      if takesBatches { lastPeer.readsBatches = true }
      let before = frames.count
      let isWhole = FrameBatch.split(bytes) { frames.append(PeerFrame(peer: lastPeer, frame: $0)) }
      if !isWhole {
        frames.append(PeerFrame(peer: lastPeer, frame: nil))
      } else if frames.count == before, takesBatches {
        send(FrameBatch.question, to: lastPeer, frameCount: 0)
      }
    }
    return true
  }

  /// Sets `lastPeer` to whoever sent the message in `body`.
  ///
  /// - Returns: false if its key was taken back after the connection was made: it gets no answer, as nobody unknown does.
  private func noteSender() -> Bool {
    guard let guardian else {
      if !identity.equals(lastPeer.bytes) { lastPeer = PeerID(identity.bytes) }
      return true
    }
    guard let sender = guardian.sender(of: body) else { return false }
    // A routing ID may be another connection's by now, so both must be the same.
    if !identity.equals(lastPeer.bytes) || lastPeer.identity != sender {
      lastPeer = PeerID(identity.bytes, identity: sender)
    }
    return true
  }

  // MARK: Sending

  /// - Returns: false if the sockets are to be closed.
  private func perform() -> Bool {
    for command in commands {
      guard case .send(let frame, let peer) = command else {
        sendBatch()
        return false
      }
      send(frame, to: peer)
    }
    commands.removeAll(keepingCapacity: true)
    sendBatch()
    return true
  }

  private func send(_ frame: [UInt8], to peer: PeerID) {
    let isBatched = peer.readsBatches && frame.count <= FrameBatch.frameLimit || FrameBatch.looksLikeBatch(frame)
    if batch.count > 0, !isBatched || peer != batchPeer || !batch.hasRoom(for: frame) { sendBatch() }
    guard isBatched else { return send(frame, to: peer, frameCount: 1) }
    batchPeer = peer
    batch.append(frame)
  }

  private func sendBatch() {
    guard batch.count > 0 else { return }
    send(batch.message, to: batchPeer, frameCount: batch.count)
    batch.clear()
  }

  private func send(_ message: [UInt8], to peer: PeerID, frameCount: Int) {
    // The peer is gone, or does not read: either way it will not have its answer.
    guard (try? socket.send(peer.bytes, more: true)) == true, (try? socket.send(message)) == true else {
      dropped.value.add(frameCount, ordering: .relaxed)
      return
    }
  }
}

extension ZeroMQSocket {
  func setCommonOptions(
    _ options: TransportOptions, endpoint: String, isEncrypted: Bool
  ) throws(ZeroMQError) {
    try set(.sendHighWaterMark(Int32(clamping: options.queuedFrames)))
    try set(.receiveHighWaterMark(Int32(clamping: options.queuedFrames)))
    let overhead = isEncrypted ? ZeroMQSocket.curveOverhead : 0
    try set(.maximumMessageSize(Int64(options.maximumFrameSize) + Int64(overhead)))
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
