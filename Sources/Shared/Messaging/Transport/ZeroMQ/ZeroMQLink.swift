import ZeroMQ

/// One connection to one server: a DEALER that is used until its connection breaks.
///
/// libzmq would connect the same socket again, and then send what it still had queued for the old
/// connection; and with ZMQ_IMMEDIATE, which avoids that, it drops answers that have arrived and
/// were not read when the connection broke. A socket for each connection loses neither: a frame is
/// sent once at most, and what has arrived is read.
final class ZeroMQLink {
  /// Frames taken at once from one connection, so that a chatty one does not starve the others.
  private static let batchSize = 256

  private enum Phase {
    case connecting
    case open
    case spent
    case rejected(ConnectionRefusal)

    var isConnecting: Bool { if case .connecting = self { true } else { false } }
    var isOpen: Bool { if case .open = self { true } else { false } }
  }

  let connection: ConnectionID
  let endpoint: String
  let socket: ZeroMQSocket
  let monitor: ZeroMQMonitor
  /// What is tried, where keys are asked for.
  var keys: ServerKeyChoice?
  private var phase = Phase.connecting
  private let message = ZeroMQMessage()
  private let takesBatches: Bool
  /// Whether the server said so.
  private var readsBatches = false
  private var batch = FrameBatch()
  private var batchTokens: [UInt64] = []

  /// - Parameters:
  ///   - keyPair: this process's; needed if keys are given.
  ///   - name: unlike that of any other link of the context.
  init(
    _ connection: ConnectionID, to endpoint: String, keys: ServerKeyChoice?, keyPair: CurveKeyPair?,
    in context: ZeroMQContext, options: TransportOptions, name: String
  ) throws(ZeroMQError) {
    self.connection = connection
    self.keys = keys
    self.endpoint = endpoint
    takesBatches = options.maximumFrameSize >= FrameBatch.byteLimit
    socket = try ZeroMQSocket(.dealer, in: context)
    try socket.setCommonOptions(options, endpoint: endpoint, isEncrypted: keys != nil)
    if let keys, let keyPair { try socket.useCurve(keyPair, server: keys.current) }
    try socket.set(.lingerMilliseconds(0))
    // What is sent to the address of a container or a machine that is gone is lost. The kernel would repeat it at ever
    // longer pauses, and be in one of more than a minute when a server is there again.
    try socket.set(.connectTimeoutMilliseconds(2_000))
    // A stopped server's kernel still accepts connections.
    try socket.set(.handshakeTimeoutMilliseconds(2_000))
    // Long enough for this to be released before it would connect again by itself.
    try socket.set(.reconnectIntervalMilliseconds(150))
    try socket.set(.reconnectMaximumIntervalMilliseconds(400))
    monitor = try ZeroMQMonitor(of: socket, named: name)
    try socket.connect(endpoint)
  }

  /// Whether its connection broke or could not be had, so that another link must take its place.
  var isOver: Bool {
    switch phase {
    case .connecting, .open: false
    case .spent, .rejected: true
    }
  }

  /// Why the connection could not be had.
  var refusal: ConnectionRefusal? { if case .rejected(let refusal) = phase { refusal } else { nil } }

  /// Sends a frame, now or with the next batch.
  func send(_ frame: [UInt8], token: UInt64, unsent: inout [DialerEvent]) {
    guard phase.isOpen else { return unsent.append(.unsent(connection, token: token)) }
    let isBatched = readsBatches && frame.count <= FrameBatch.frameLimit || FrameBatch.looksLikeBatch(frame)
    if batch.count > 0, !isBatched || !batch.hasRoom(for: frame) { sendBatch(unsent: &unsent) }
    if isBatched {
      batch.append(frame)
      batchTokens.append(token)
    } else if (try? socket.send(frame)) != true {
      unsent.append(.unsent(connection, token: token))
    }
  }

  /// Sends what waits to be sent together.
  func sendBatch(unsent: inout [DialerEvent]) {
    guard batch.count > 0 else { return }
    if (try? socket.send(batch.message)) != true {
      unsent += batchTokens.map { .unsent(connection, token: $0) }
    }
    batch.clear()
    batchTokens.removeAll(keepingCapacity: true)
  }

  /// Appends what happened, so that no frame lies outside its connection's life.
  func collect(into events: inout [DialerEvent]) throws(ZeroMQError) {
    var isBroken = false
    while let change = try monitor.next() {
      switch change {
      case .connected where phase.isConnecting:
        phase = .open
        if takesBatches { _ = try socket.send(FrameBatch.question) }
        events.append(.opened(connection))
      case .disconnected where phase.isOpen: isBroken = true
      case .refused where phase.isConnecting: phase = .rejected(.ownKey)
      case .incompatible where phase.isConnecting: phase = .rejected(.serverKey)
      case .handshakeFailed where phase.isConnecting && keys != nil: phase = .rejected(.serverKey)
      // Where there are no keys to choose from, libzmq tries again. A server that wants keys may hang up before its
      // greeting was read, so this is all that is ever heard of why.
      case .handshakeFailed where phase.isConnecting: events.append(.refused(connection, .handshake))
      default: break
      }
    }
    guard phase.isOpen else { return }
    // What came on a connection that broke is all in the socket by now.
    var remaining = isBroken ? Int.max : Self.batchSize
    while remaining > 0, try socket.receive(into: message) {
      remaining -= 1
      if message.hasMore {
        while message.hasMore, try socket.receive(into: message) {}
      } else {
        take(into: &events)
      }
    }
    if isBroken {
      phase = .spent
      events.append(.closed(connection))
    }
  }

  /// Gives the connection up because its server's key counts no more.
  func withdraw(into events: inout [DialerEvent]) {
    if phase.isOpen { events.append(.closed(connection)) }
    phase = .spent
  }

  /// A batch that is cut short can't have been sent so, and whoever waits for the rest has a deadline.
  private func take(into events: inout [DialerEvent]) {
    message.withUnsafeBytes { bytes in
      guard FrameBatch.isBatch(bytes) else { return events.append(.frame(connection, [UInt8](bytes))) }
      readsBatches = true
      _ = FrameBatch.split(bytes) { events.append(.frame(connection, $0)) }
    }
  }
}
