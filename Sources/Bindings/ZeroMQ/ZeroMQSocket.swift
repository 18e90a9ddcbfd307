import CZeroMQ

/// A libzmq socket, for one thread at a time.
///
/// It is a class, and not a noncopyable value, because the threads that own sockets keep several in
/// collections. It is not `Sendable`: create it on the thread that uses it.
@safe
package final class ZeroMQSocket {
  /// The patterns of messages that the bus and apps' processes use, of those that libzmq has.
  package enum Kind: Sendable {
    /// Talks to many peers and names the one in the first frame of each message.
    case router
    /// Talks to one peer or several, in any order, without waiting for answers.
    case dealer
    /// Talks to exactly one peer.
    case pair

    var code: Int32 {
      switch self {
      case .router: ZMQ_ROUTER
      case .dealer: ZMQ_DEALER
      case .pair: ZMQ_PAIR
      }
    }
  }

  let handle: UnsafeMutableRawPointer
  /// The context whose threads move the socket's bytes; the socket keeps it alive.
  package let context: ZeroMQContext
  /// Released after the socket is closed: without it libzmq would let everybody in.
  var authenticator: ZeroMQAuthenticator?

  package init(_ kind: Kind, in context: ZeroMQContext) throws(ZeroMQError) {
    guard let handle = unsafe zmq_socket(context.handle, kind.code) else { throw .last("zmq_socket") }
    unsafe self.handle = unsafe handle
    self.context = context
  }

  deinit {
    unsafe zmq_close(handle)
  }

  /// Listens on `endpoint`: `tcp://127.0.0.1:7102`, `tcp://*:0` for any free port, `ipc:///path`.
  package func bind(_ endpoint: String) throws(ZeroMQError) {
    guard unsafe zmq_bind(handle, endpoint) == 0 else { throw .last("zmq_bind \(endpoint)") }
  }

  /// Connects in the background, again and again, until `disconnect` or the end of the socket.
  package func connect(_ endpoint: String) throws(ZeroMQError) {
    guard unsafe zmq_connect(handle, endpoint) == 0 else { throw .last("zmq_connect \(endpoint)") }
  }

  /// Ends the connection to `endpoint`, written as it was given to `connect`, and does not connect again. What was
  /// queued for it is dropped once the linger time has passed.
  ///
  /// - Throws: `ENOENT` if there is no such connection.
  package func disconnect(_ endpoint: String) throws(ZeroMQError) {
    guard unsafe zmq_disconnect(handle, endpoint) == 0 else { throw .last("zmq_disconnect \(endpoint)") }
  }
}
