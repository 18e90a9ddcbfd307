import Linux
import Wire
import ZeroMQ

/// Frames over libzmq: `tcp://` between machines, `ipc://` inside one.
///
/// Each listener and each dialer has a thread of its own that owns its sockets; everyone else talks
/// to that thread through a mailbox.
package struct ZeroMQTransport: MessageTransport {
  let security: BusSecurity?
  /// The role of the servers that are dialed.
  let serverRole: BusRole?

  /// A transport without keys, for tests and benchmarks. Those with keys come from ``Bus``.
  package init() { self.init(security: nil) }

  init(security: BusSecurity?, serverRole: BusRole? = nil) {
    self.security = security
    self.serverRole = serverRole
  }

  /// Binds a ROUTER socket, as ``MessageTransport`` describes.
  package func listen(
    on endpoint: String, options: TransportOptions, receive: @escaping @Sendable ([PeerFrame]) -> Void
  ) async throws(TransportError) -> any TransportListener {
    let (mailbox, wake) = (Mailbox<ZeroMQListener.Command>(), try Self.makeWakeSignal(for: endpoint))
    let (thread, ended) = (SocketThread(name: "rpc-listener"), Latch())
    let outcome = await withCheckedContinuation {
      (started: CheckedContinuation<Result<ZeroMQListener, TransportError>, Never>) in
      Self.start(thread, for: endpoint, started) {
        do throws(TransportError) {
          let loop = try ZeroMQListenerLoop(
            endpoint: endpoint, options: options, security: security, thread: thread, mailbox: mailbox, wake: wake,
            receive: receive)
          let listener = ZeroMQListener(
            endpoint: loop.endpoint, thread: thread, mailbox: mailbox, wake: wake, ended: ended, dropped: loop.dropped)
          started.resume(returning: .success(listener))
          return loop
        } catch {
          started.resume(returning: .failure(error))
          return nil
        }
      } ended: {
        // What lingered is sent by now.
        ended.open()
      }
    }
    return try outcome.get()
  }

  /// Makes the DEALER sockets of a client, as ``MessageTransport`` describes.
  package func makeDialer(
    options: TransportOptions, receive: @escaping @Sendable ([DialerEvent]) -> Void
  ) async throws(TransportError) -> any TransportDialer {
    let (mailbox, wake) = (Mailbox<ZeroMQDialer.Command>(), try Self.makeWakeSignal(for: ""))
    let (thread, ended) = (SocketThread(name: "rpc-dialer"), Latch())
    let outcome = await withCheckedContinuation {
      (started: CheckedContinuation<Result<ZeroMQDialer, TransportError>, Never>) in
      Self.start(thread, for: "", started) {
        do throws(TransportError) {
          let loop = try ZeroMQDialerLoop(
            options: options, security: security, serverRole: serverRole, thread: thread, mailbox: mailbox, wake: wake,
            receive: receive)
          started.resume(
            returning: .success(ZeroMQDialer(thread: thread, mailbox: mailbox, wake: wake, ended: ended)))
          return loop
        } catch {
          started.resume(returning: .failure(error))
          return nil
        }
      } ended: {
        ended.open()
      }
    }
    return try outcome.get()
  }

  private static func start<Side>(
    _ thread: SocketThread, for endpoint: String, _ started: CheckedContinuation<Result<Side, TransportError>, Never>,
    _ makeLoop: @escaping @Sendable () -> (any SocketLoop)?, ended: @escaping @Sendable () -> Void
  ) {
    do throws(NativeThreadError) {
      try thread.start(makeLoop, ended: ended)
    } catch {
      started.resume(returning: .failure(TransportError(endpoint: endpoint, description: "\(error)")))
    }
  }

  private static func makeWakeSignal(for endpoint: String) throws(TransportError) -> WakeSignal {
    do { return try WakeSignal() } catch { throw TransportError(error, endpoint: endpoint) }
  }
}

extension TransportError {
  init(_ error: ZeroMQError, endpoint: String) {
    self.init(endpoint: endpoint, description: "\(error)", isAddressInUse: error.isAddressInUse)
  }
}
