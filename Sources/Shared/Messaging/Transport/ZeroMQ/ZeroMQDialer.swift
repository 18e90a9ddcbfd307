import ZeroMQ

/// What the rest of the process sees of a dialing thread.
final class ZeroMQDialer: TransportDialer {
  enum Command: Sendable {
    case connect(ConnectionID, to: String)
    case disconnect(ConnectionID)
    case send([UInt8], on: ConnectionID, token: UInt64)
    case peersChanged
    case close
  }

  private let mailbox: Mailbox<Command>
  private let wake: WakeSignal
  private let ended: Latch
  private let thread: SocketThread

  init(thread: SocketThread, mailbox: Mailbox<Command>, wake: WakeSignal, ended: Latch) {
    self.thread = thread
    self.mailbox = mailbox
    self.wake = wake
    self.ended = ended
  }

  deinit {
    // Nobody can close it any more, so the thread must not wait for that.
    post(.close)
  }

  var executor: (any TaskExecutor)? { thread }

  func connect(_ connection: ConnectionID, to endpoint: String) { post(.connect(connection, to: endpoint)) }

  func disconnect(_ connection: ConnectionID) { post(.disconnect(connection)) }

  func send(_ frame: [UInt8], on connection: ConnectionID, token: UInt64) {
    post(.send(frame, on: connection, token: token))
  }

  func close() async {
    post(.close)
    await ended.wait()
  }

  private func post(_ command: Command) {
    if mailbox.post(command) { wake.raise() }
  }
}
