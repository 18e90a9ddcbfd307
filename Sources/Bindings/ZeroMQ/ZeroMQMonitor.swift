import CZeroMQ

/// Tells when the connections of a socket come and go.
///
/// Like the socket, for the one thread that owns both.
package final class ZeroMQMonitor {
  /// What became of a connection.
  package enum Event: Sendable, Equatable {
    /// A peer completed the handshake: messages flow.
    case connected
    /// A connection that stood is gone.
    case disconnected
    /// A connection was made, and ended before messages could flow. libzmq tries again.
    case handshakeFailed
    /// The handshake failed because the peer speaks something else. libzmq does not try again.
    case incompatible
    /// The handshake failed because the peer said that it does not let us in.
    case refused
    /// Anything else, by libzmq's number.
    case other(UInt16)
  }

  /// What to wait for in a ``ZeroMQPoller``: it can be received from when there is an event to take with ``next()``.
  package let socket: ZeroMQSocket
  private let monitored: ZeroMQSocket
  private let message = ZeroMQMessage()

  /// - Parameter name: unlike that of any other monitor in the context.
  package init(of monitored: ZeroMQSocket, named name: String) throws(ZeroMQError) {
    let endpoint = "inproc://monitor-\(name)"
    self.monitored = monitored
    socket = try ZeroMQSocket(.pair, in: monitored.context)
    let events =
      ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
      | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
    guard unsafe zmq_socket_monitor(monitored.handle, endpoint, events) == 0 else {
      throw .last("zmq_socket_monitor")
    }
    try socket.set(.lingerMilliseconds(0))
    try socket.connect(endpoint)
  }

  deinit {
    // Before either socket is closed: libzmq's own thread waits for somebody to take an event, and if nobody is there to
    // take it, no connection of the context gets any further.
    unsafe zmq_socket_monitor(monitored.handle, nil, 0)
  }

  /// The next event if there is one, without waiting.
  package func next() throws(ZeroMQError) -> Event? {
    guard try socket.receive(into: message) else { return nil }
    // The first frame is the event's number (16 bits, native order) and a value (32 bits).
    let head = message.bytes
    while message.hasMore {
      guard try socket.receive(into: message) else { break }
    }
    guard head.count >= 2 else { return .other(0) }
    let number = UInt16(littleEndian: UInt16(head[0]) | UInt16(head[1]) << 8)
    switch Int32(number) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .connected
    case ZMQ_EVENT_DISCONNECTED: return .disconnected
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .handshakeFailed
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return .incompatible
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .refused
    default: return .other(number)
    }
  }
}
