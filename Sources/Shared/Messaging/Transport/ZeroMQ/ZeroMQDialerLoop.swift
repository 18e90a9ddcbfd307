import Wire
import ZeroMQ

/// Owns a DEALER for each connection.
final class ZeroMQDialerLoop: SocketLoop {
  /// How long to wait before making a connection again that could not be made: for want of descriptors, or because no
  /// key fits.
  private static let retryPause = Duration.milliseconds(500)
  /// Addresses whose keys are remembered.
  private static let rememberedAddresses = 256

  private let context: ZeroMQContext
  private let options: TransportOptions
  private let security: BusSecurity?
  private let serverRole: BusRole?
  private let thread: SocketThread
  private let mailbox: Mailbox<ZeroMQDialer.Command>
  private let wake: WakeSignal
  private let receive: @Sendable ([DialerEvent]) -> Void
  private var observation: PeerTable.Observation?
  private var links: [ZeroMQLink] = []
  private var lastSocket = 0
  private var unmade: [(connection: ConnectionID, endpoint: String)] = []
  private var retryAt = ContinuousClock.now
  /// All that the servers may have.
  private var serverKeys: [CurvePublicKey] = []
  /// What an address had last.
  private var fittingKeys: [String: CurvePublicKey] = [:]
  private var poller = ZeroMQPoller()
  private var events: [DialerEvent] = []
  private var commands: [ZeroMQDialer.Command] = []
  private var patience = Patience()

  init(
    options: TransportOptions, security: BusSecurity?, serverRole: BusRole?, thread: SocketThread,
    mailbox: Mailbox<ZeroMQDialer.Command>, wake: WakeSignal, receive: @escaping @Sendable ([DialerEvent]) -> Void
  ) throws(TransportError) {
    // Made and ended on this thread, because its end waits for libzmq's own threads.
    do { context = try ZeroMQContext() } catch { throw TransportError(error, endpoint: "") }
    self.options = options
    self.security = security
    self.serverRole = serverRole
    self.thread = thread
    self.mailbox = mailbox
    self.wake = wake
    self.receive = receive
    poller.add(wake)
    observation = security?.peers.observe {
      if mailbox.post(.peersChanged) { wake.raise() }
    }
    readServerKeys()
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
      if links.contains(where: \.isOver) { replaceLinks() }
      if !unmade.isEmpty, ContinuousClock.now >= retryAt { remake() }
      let isQuiet = events.isEmpty
      if !isQuiet {
        receive(events)
        events.removeAll(keepingCapacity: true)
        patience.renew()
      }
      if thread.hasJobs { return .tasksWait }
      if isQuiet, patience.isOver, mailbox.announceSleep() {
        _ = try poller.wait(timeoutMilliseconds: unmade.isEmpty ? nil : Int((retryAt - .now).milliseconds))
        wake.lower()
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
    case .peersChanged:
      readServerKeys()
      for link in links {
        if let key = link.keys?.current, !serverKeys.contains(key) { link.withdraw(into: &events) }
      }
      remake()
    case .close:
      break
    }
  }

  // MARK: Connections

  private func connect(_ connection: ConnectionID, to endpoint: String) {
    guard security != nil else { return connect(connection, to: endpoint, keys: nil) }
    guard let keys = ServerKeyChoice(among: serverKeys, likely: fittingKeys[endpoint]) else {
      return postpone(connection, to: endpoint, because: .noServerKey)
    }
    connect(connection, to: endpoint, keys: keys)
  }

  private func connect(_ connection: ConnectionID, to endpoint: String, keys: ServerKeyChoice?) {
    do {
      lastSocket += 1
      links.append(
        try ZeroMQLink(
          connection, to: endpoint, keys: keys, keyPair: security?.key.keyPair, in: context, options: options,
          name: "\(lastSocket)"))
      rebuildPoller()
    } catch {
      postpone(connection, to: endpoint, because: nil)
    }
  }

  private func postpone(_ connection: ConnectionID, to endpoint: String, because refusal: ConnectionRefusal?) {
    if unmade.isEmpty { retryAt = .now + Self.retryPause }
    unmade.append((connection, endpoint))
    if let refusal { events.append(.refused(connection, refusal)) }
  }

  private func replaceLinks() {
    let over = links.filter(\.isOver)
    links.removeAll(where: \.isOver)
    for link in over {
      switch link.refusal {
      case nil:
        remember(link)
        connect(link.connection, to: link.endpoint)
      case .serverKey:
        if let next = link.keys?.next() {
          connect(link.connection, to: link.endpoint, keys: next)
        } else {
          postpone(link.connection, to: link.endpoint, because: .serverKey)
        }
      case .some(let refusal):
        // It could only say so because its own key was the right one.
        remember(link)
        postpone(link.connection, to: link.endpoint, because: refusal)
      }
    }
    rebuildPoller()
  }

  private func remember(_ link: ZeroMQLink) {
    guard let key = link.keys?.current else { return }
    if fittingKeys.count >= Self.rememberedAddresses { fittingKeys = [:] }
    fittingKeys[link.endpoint] = key
  }

  private func remake() {
    let again = unmade
    unmade = []
    for (connection, endpoint) in again { connect(connection, to: endpoint) }
  }

  private func readServerKeys() {
    guard let security, let serverRole else { return }
    serverKeys = security.peers.peers.keys(of: serverRole)
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
