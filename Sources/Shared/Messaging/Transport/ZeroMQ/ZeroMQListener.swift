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
  private let thread: SocketThread

  init(
    endpoint: String, thread: SocketThread, mailbox: Mailbox<Command>, wake: WakeSignal, ended: Latch,
    dropped: DropCount
  ) {
    self.endpoint = endpoint
    self.mailbox = mailbox
    self.wake = wake
    self.ended = ended
    self.dropped = dropped
    self.thread = thread
  }

  deinit {
    // Nobody can close it any more, so the thread must not wait for that.
    post(.close)
  }

  var executor: (any TaskExecutor)? { thread }

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
