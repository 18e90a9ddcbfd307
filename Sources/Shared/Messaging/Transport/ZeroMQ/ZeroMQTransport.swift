import Foundation
import ZeroMQ

/// Frames over libzmq: `tcp://` between machines, `ipc://` inside one.
///
/// Each listener and each dialer has a thread of its own that owns its sockets; everyone else talks
/// to that thread through a mailbox.
package struct ZeroMQTransport: MessageTransport {
  package init() {}

  package func listen(
    on endpoint: String, options: TransportOptions, receive: @escaping @Sendable ([PeerFrame]) -> Void
  ) async throws(TransportError) -> any TransportListener {
    let (mailbox, wake) = (Mailbox<ZeroMQListener.Command>(), try Self.makeWakeSignal(for: endpoint))
    let ended = Latch()
    let outcome = await withCheckedContinuation {
      (started: CheckedContinuation<Result<ZeroMQListener, TransportError>, Never>) in
      Self.startThread(named: "rpc-listener") {
        do throws(TransportError) {
          let loop = try ZeroMQListenerLoop(
            endpoint: endpoint, options: options, mailbox: mailbox, wake: wake, receive: receive)
          let listener = ZeroMQListener(
            endpoint: loop.endpoint, mailbox: mailbox, wake: wake, ended: ended, dropped: loop.dropped)
          started.resume(returning: .success(listener))
          loop.run()
        } catch {
          started.resume(returning: .failure(error))
        }
        // Here the loop is gone, and with it its sockets: what lingered is sent.
        ended.open()
      }
    }
    return try outcome.get()
  }

  package func makeDialer(
    options: TransportOptions, receive: @escaping @Sendable ([DialerEvent]) -> Void
  ) async throws(TransportError) -> any TransportDialer {
    let (mailbox, wake) = (Mailbox<ZeroMQDialer.Command>(), try Self.makeWakeSignal(for: ""))
    let ended = Latch()
    let outcome = await withCheckedContinuation {
      (started: CheckedContinuation<Result<ZeroMQDialer, TransportError>, Never>) in
      Self.startThread(named: "rpc-dialer") {
        do throws(TransportError) {
          let loop = try ZeroMQDialerLoop(options: options, mailbox: mailbox, wake: wake, receive: receive)
          started.resume(returning: .success(ZeroMQDialer(mailbox: mailbox, wake: wake, ended: ended)))
          loop.run()
        } catch {
          started.resume(returning: .failure(error))
        }
        ended.open()
      }
    }
    return try outcome.get()
  }

  private static func makeWakeSignal(for endpoint: String) throws(TransportError) -> WakeSignal {
    do { return try WakeSignal() } catch { throw TransportError(error, endpoint: endpoint) }
  }

  private static func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.start()
  }
}

extension TransportError {
  init(_ error: ZeroMQError, endpoint: String) {
    self.init(endpoint: endpoint, description: "\(error)", isAddressInUse: error.isAddressInUse)
  }
}
