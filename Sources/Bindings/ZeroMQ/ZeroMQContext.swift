import CZeroMQ

/// A libzmq context: the threads that move bytes for its sockets.
///
/// Sockets keep their context alive. It ends when the last of them is gone; that waits for their
/// linger to run out, so the last socket is best released on a thread that may block.
@safe
package final class ZeroMQContext: Sendable {
  // A context is the one object of libzmq that any thread may use at any time.
  nonisolated(unsafe) let handle: UnsafeMutableRawPointer

  /// - Parameter ioThreads: threads that move bytes; one carries about a gigabyte a second.
  package init(ioThreads: Int = 1) throws(ZeroMQError) {
    guard let handle = unsafe zmq_ctx_new() else { throw .last("zmq_ctx_new") }
    unsafe self.handle = unsafe handle
    // A socket that never set its linger must not hold up the end of the process.
    guard unsafe zmq_ctx_set(handle, ZMQ_BLOCKY, 0) == 0 else { throw .last("zmq_ctx_set ZMQ_BLOCKY") }
    guard unsafe zmq_ctx_set(handle, ZMQ_IO_THREADS, Int32(clamping: ioThreads)) == 0 else {
      throw .last("zmq_ctx_set ZMQ_IO_THREADS")
    }
  }

  deinit {
    while unsafe zmq_ctx_term(handle) != 0, zmq_errno() == EINTR {}
  }
}
