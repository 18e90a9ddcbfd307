import ZeroMQ

/// The thread that owns a DEALER for each connection.
final class ZeroMQDialerLoop {
  /// How long to wait before making a socket again that could not be made, for want of descriptors.
  private static let retryMilliseconds = 500

  private let context: ZeroMQContext
  private let options: TransportOptions
  private let mailbox: Mailbox<ZeroMQDialer.Command>
  private let wake: WakeSignal
  private let receive: @Sendable ([DialerEvent]) -> Void
  private var links: [ZeroMQLink] = []
  private var unmade: [(connection: ConnectionID, endpoint: String)] = []
  private var poller = ZeroMQPoller()
  private var events: [DialerEvent] = []

  init(
    options: TransportOptions, mailbox: Mailbox<ZeroMQDialer.Command>, wake: WakeSignal,
    receive: @escaping @Sendable ([DialerEvent]) -> Void
  ) throws(TransportError) {
    // Made and ended on this thread, because its end waits for libzmq's own threads.
    do { context = try ZeroMQContext() } catch { throw TransportError(error, endpoint: "") }
    self.options = options
    self.mailbox = mailbox
    self.wake = wake
    self.receive = receive
    poller.add(wake)
  }

  /// Returns after `close`.
  func run() {
    do throws(ZeroMQError) {
      try serve()
    } catch {
      // libzmq refuses a socket that its owner uses rightly only if memory is corrupt.
      fatalError("dialer: \(error)")
    }
  }

  private func serve() throws(ZeroMQError) {
    var commands: [ZeroMQDialer.Command] = []
    while true {
      mailbox.take(into: &commands)
      for command in commands {
        if case .close = command { return }
        perform(command)
      }
      commands.removeAll(keepingCapacity: true)
      for link in links { try link.collect(into: &events) }
      if !events.isEmpty {
        receive(events)
        events.removeAll(keepingCapacity: true)
      } else if mailbox.announceSleep() {
        let woken = try poller.wait(timeoutMilliseconds: unmade.isEmpty ? nil : Self.retryMilliseconds)
        wake.lower()
        if !woken { remake() }
      }
    }
  }

  private func perform(_ command: ZeroMQDialer.Command) {
    switch command {
    case .connect(let connection, let endpoint):
      connect(connection, to: endpoint)
    case .disconnect(let connection):
      links.removeAll { $0.connection == connection }
      unmade.removeAll { $0.connection == connection }
      rebuildPoller()
    case .send(let frame, let connection, let token):
      let link = links.first { $0.connection == connection }
      if link?.send(frame) != true { events.append(.unsent(connection, token: token)) }
    case .close:
      break
    }
  }

  private func connect(_ connection: ConnectionID, to endpoint: String) {
    do {
      links.append(try ZeroMQLink(connection, to: endpoint, in: context, options: options))
      rebuildPoller()
    } catch {
      unmade.append((connection, endpoint))
    }
  }

  private func remake() {
    let again = unmade
    unmade = []
    for (connection, endpoint) in again { connect(connection, to: endpoint) }
  }

  private func rebuildPoller() {
    poller = ZeroMQPoller()
    poller.add(wake)
    for link in links {
      poller.add(link.socket)
      poller.add(link.monitor.socket)
    }
  }
}

/// One DEALER, connected to one server.
final class ZeroMQLink {
  /// Frames taken at once from one connection, so that a chatty one does not starve the others.
  private static let batchSize = 256

  let connection: ConnectionID
  let socket: ZeroMQSocket
  let monitor: ZeroMQMonitor
  private var isOpen = false
  private let message = ZeroMQMessage()

  init(
    _ connection: ConnectionID, to endpoint: String, in context: ZeroMQContext, options: TransportOptions
  ) throws(ZeroMQError) {
    self.connection = connection
    socket = try ZeroMQSocket(.dealer, in: context)
    try socket.setCommonOptions(options, endpoint: endpoint)
    try socket.set(.lingerMilliseconds(0))
    // Nothing is queued for a connection that does not stand, and what was queued for one that
    // broke is dropped: a frame is sent once at most.
    try socket.set(.immediate(true))
    // A stopped server's kernel still accepts connections.
    try socket.set(.handshakeTimeoutMilliseconds(2_000))
    try socket.set(.reconnectIntervalMilliseconds(50))
    try socket.set(.reconnectMaximumIntervalMilliseconds(400))
    monitor = try ZeroMQMonitor(of: socket, named: "\(connection.number)")
    try socket.connect(endpoint)
  }

  /// - Returns: false if the frame was not queued.
  func send(_ frame: [UInt8]) -> Bool {
    if (try? socket.send(frame)) == true { return true }
    // The socket may not have noticed yet that its connection stands.
    guard (try? socket.takeInConnections()) != nil else { return false }
    return (try? socket.send(frame)) == true
  }

  /// Appends what happened, in an order in which no frame lies outside its connection's life.
  func collect(into events: inout [DialerEvent]) throws(ZeroMQError) {
    var changes: [ZeroMQMonitor.Event] = []
    while let change = try monitor.next() { changes.append(change) }
    if !isOpen, changes.first == .connected {
      note(changes.removeFirst(), in: &events)
    }
    // What came on a connection that broke is all in the socket by now.
    var remaining = changes.isEmpty ? Self.batchSize : Int.max
    while remaining > 0, try socket.receive(into: message) {
      remaining -= 1
      if message.hasMore {
        while message.hasMore, try socket.receive(into: message) {}
      } else {
        events.append(.frame(connection, message.bytes))
      }
    }
    for change in changes { note(change, in: &events) }
  }

  private func note(_ change: ZeroMQMonitor.Event, in events: inout [DialerEvent]) {
    switch change {
    case .connected where !isOpen:
      isOpen = true
      events.append(.opened(connection))
    case .disconnected where isOpen:
      isOpen = false
      events.append(.closed(connection))
    default: break
    }
  }
}
