import CZeroMQ

/// Says who may connect to the CURVE servers of its context: the handler of ZeroMQ's authentication protocol.
///
/// A message that comes on a connection which it let in carries the client's key: see ``ZeroMQMessage/sender``.
/// A context has one at most. Like a socket, for one thread at a time.
package final class ZeroMQAuthenticator {
  /// What to wait for in a ``ZeroMQPoller``, beside the sockets it serves: it can be received from when
  /// ``answer(limit:isAllowed:)`` has something to do.
  package let socket: ZeroMQSocket
  private let message = ZeroMQMessage()

  package init(in context: ZeroMQContext) throws(ZeroMQError) {
    socket = try ZeroMQSocket(.router, in: context)
    try socket.set(.lingerMilliseconds(0))
    // libzmq asks here.
    try socket.bind("inproc://zeromq.zap.01")
  }

  /// Answers the requests that have come, without waiting for more.
  ///
  /// - Parameters:
  ///   - limit: requests at once; the others stay for the next call.
  ///   - isAllowed: whether whoever has this key, at this address, may connect.
  /// - Returns: how many requests it answered.
  @discardableResult
  package func answer(
    limit: Int = 64, isAllowed: (CurvePublicKey, _ address: String) -> Bool
  ) throws(ZeroMQError) -> Int {
    var answered = 0
    while answered < limit, let frames = try receive() {
      answered += 1
      // Whoever asks wrongly is in this process; its connection ends at the timeout of the handshake.
      guard let request = ZAPRequest(frames) else { continue }
      let user = request.key.flatMap { isAllowed($0, request.address) ? $0.text : nil }
      try send(request.answer(user: user))
    }
    return answered
  }

  private func receive() throws(ZeroMQError) -> [[UInt8]]? {
    guard try socket.receive(into: message) else { return nil }
    var frames = [message.bytes]
    while message.hasMore, try socket.receive(into: message) { frames.append(message.bytes) }
    return frames
  }

  private func send(_ frames: [[UInt8]]) throws(ZeroMQError) {
    for (index, frame) in frames.enumerated() {
      // A session that is gone by now drops its answer.
      guard try socket.send(frame, more: index < frames.count - 1) else { return }
    }
  }
}
