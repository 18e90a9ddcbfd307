import CZeroMQ

extension ZeroMQSocket {
  /// Takes the next frame if there is one, without waiting.
  ///
  /// - Returns: false if there is none now.
  package func receive(into message: borrowing ZeroMQMessage) throws(ZeroMQError) -> Bool {
    while unsafe zmq_msg_recv(message.storage, handle, ZMQ_DONTWAIT) < 0 {
      switch zmq_errno() {
      case EAGAIN: return false
      case EINTR: continue
      default: throw .last("zmq_msg_recv")
      }
    }
    return true
  }

  /// Queues a frame for sending, without waiting.
  ///
  /// - Parameter more: whether further frames of the same message follow.
  /// - Returns: false if the queue is full or no peer is connected.
  package func send(_ bytes: [UInt8], more: Bool = false) throws(ZeroMQError) -> Bool {
    let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
    while true {
      let sent = unsafe bytes.withUnsafeBytes { unsafe zmq_send(handle, $0.baseAddress, $0.count, flags) }
      if sent >= 0 { return true }
      switch zmq_errno() {
      case EAGAIN: return false
      case EINTR: continue
      default: throw .last("zmq_send")
      }
    }
  }
}
