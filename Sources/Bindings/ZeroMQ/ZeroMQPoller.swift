import CZeroMQ

/// Waits until one of several sockets has something to receive, or a signal is raised.
///
/// It keeps what it waits for alive. For one thread.
@safe
package struct ZeroMQPoller {
  private var items: [zmq_pollitem_t] = unsafe []
  private var sockets: [ZeroMQSocket] = []
  private var signals: [WakeSignal] = []

  package init() {}

  /// Waits for messages on this socket too.
  package mutating func add(_ socket: ZeroMQSocket) {
    sockets.append(socket)
    unsafe items.append(zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
  }

  /// Waits for this signal too, which stays raised until it is lowered.
  package mutating func add(_ signal: WakeSignal) {
    signals.append(signal)
    unsafe items.append(zmq_pollitem_t(socket: nil, fd: signal.descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
  }

  /// Blocks the thread until there is something, and does not say where: each socket is then asked.
  ///
  /// - Parameter timeoutMilliseconds: nil waits for ever.
  /// - Returns: false at the timeout, or when a Unix signal came in between.
  package mutating func wait(timeoutMilliseconds: Int? = nil) throws(ZeroMQError) -> Bool {
    let ready = unsafe zmq_poll(&items, Int32(items.count), timeoutMilliseconds ?? -1)
    if ready < 0, zmq_errno() != EINTR { throw .last("zmq_poll") }
    return ready > 0
  }
}
