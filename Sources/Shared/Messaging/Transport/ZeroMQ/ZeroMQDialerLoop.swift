import ZeroMQ

/// Owns a DEALER for each connection.
final class ZeroMQDialerLoop: SocketLoop {
  /// How long to wait before making a socket again that could not be made, for want of descriptors.
  private static let retryMilliseconds = 500

  private let context: ZeroMQContext
  private let options: TransportOptions
  private let thread: SocketThread
  private let mailbox: Mailbox<ZeroMQDialer.Command>
  private let wake: WakeSignal
  private let receive: @Sendable ([DialerEvent]) -> Void
  private var links: [ZeroMQLink] = []
  private var lastSocket = 0
  private var unmade: [(connection: ConnectionID, endpoint: String)] = []
  private var poller = ZeroMQPoller()
  private var events: [DialerEvent] = []
  private var commands: [ZeroMQDialer.Command] = []
  private var patience = Patience()

  init(
    options: TransportOptions, thread: SocketThread, mailbox: Mailbox<ZeroMQDialer.Command>, wake: WakeSignal,
    receive: @escaping @Sendable ([DialerEvent]) -> Void
  ) throws(TransportError) {
    // Made and ended on this thread, because its end waits for libzmq's own threads.
    do { context = try ZeroMQContext() } catch { throw TransportError(error, endpoint: "") }
    self.options = options
    self.thread = thread
    self.mailbox = mailbox
    self.wake = wake
    self.receive = receive
    poller.add(wake)
  }

  func serve() -> SocketLoopPause {
    do throws(ZeroMQError) {
      return try serveSockets()
    } catch {
      // libzmq refuses a socket that its owner uses rightly only if memory is corrupt.
      fatalError("dialer: \(error)")
    }
  }

  private func serveSockets() throws(ZeroMQError) -> SocketLoopPause {
    while true {
      mailbox.take(into: &commands)
      if !commands.isEmpty {
        patience.renew()
        for command in commands {
          if case .close = command { return .closed }
          perform(command)
        }
        commands.removeAll(keepingCapacity: true)
        for link in links { link.sendBatch(unsent: &events) }
      }
      for link in links { try link.collect(into: &events) }
      if links.contains(where: \.isSpent) { replaceSpentLinks() }
      let isQuiet = events.isEmpty
      if !isQuiet {
        receive(events)
        events.removeAll(keepingCapacity: true)
        patience.renew()
      }
      if thread.hasJobs { return .tasksWait }
      if isQuiet, patience.isOver, mailbox.announceSleep() {
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
      guard let link = links.first(where: { $0.connection == connection }) else {
        return events.append(.unsent(connection, token: token))
      }
      link.send(frame, token: token, unsent: &events)
    case .close:
      break
    }
  }

  private func connect(_ connection: ConnectionID, to endpoint: String) {
    do {
      lastSocket += 1
      links.append(
        try ZeroMQLink(connection, to: endpoint, in: context, options: options, name: "\(lastSocket)"))
      rebuildPoller()
    } catch {
      unmade.append((connection, endpoint))
    }
  }

  private func replaceSpentLinks() {
    let spent = links.filter(\.isSpent)
    links.removeAll(where: \.isSpent)
    for link in spent { connect(link.connection, to: link.endpoint) }
    rebuildPoller()
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
