import CZeroMQ

extension ZeroMQSocket {
  /// A socket option that takes a number. Durations are in milliseconds.
  package enum Option: Sendable {
    /// How long unsent messages outlive the socket; -1 for ever.
    case lingerMilliseconds(Int32)
    /// Messages queued for each peer before a send would block.
    case sendHighWaterMark(Int32)
    /// Messages queued from each peer before it is held back.
    case receiveHighWaterMark(Int32)
    /// How often to send a ZMTP PING.
    case heartbeatIntervalMilliseconds(Int32)
    /// When to give a connection up after an unanswered PING.
    case heartbeatTimeoutMilliseconds(Int32)
    /// When the peer is told to give the connection up if it hears nothing.
    case heartbeatTimeToLiveMilliseconds(Int32)
    /// When to give up a try to connect that nobody answers, and begin another.
    case connectTimeoutMilliseconds(Int32)
    /// When to give up a connection that does not complete the ZMTP handshake.
    case handshakeTimeoutMilliseconds(Int32)
    /// The first pause before connecting again.
    case reconnectIntervalMilliseconds(Int32)
    /// The longest pause before connecting again; each try doubles the pause up to it.
    case reconnectMaximumIntervalMilliseconds(Int32)
    /// A ROUTER reports a peer that is not connected, instead of dropping the message.
    case routerMandatory(Bool)
    /// Messages are queued for completed connections only.
    case immediate(Bool)
    case ipv6(Bool)
    /// A peer that sends a longer frame, in bytes, is disconnected.
    case maximumMessageSize(Int64)
    /// Connections that the kernel keeps for a slow acceptor.
    case backlog(Int32)
  }

  /// Sets an option. Most count for the connections and addresses that are made afterwards, so it comes before `bind`
  /// and `connect`.
  ///
  /// - Throws: `EINVAL` for a number that libzmq does not take.
  package func set(_ option: Option) throws(ZeroMQError) {
    switch option {
    case .lingerMilliseconds(let value): try set(ZMQ_LINGER, value)
    case .sendHighWaterMark(let value): try set(ZMQ_SNDHWM, value)
    case .receiveHighWaterMark(let value): try set(ZMQ_RCVHWM, value)
    case .heartbeatIntervalMilliseconds(let value): try set(ZMQ_HEARTBEAT_IVL, value)
    case .heartbeatTimeoutMilliseconds(let value): try set(ZMQ_HEARTBEAT_TIMEOUT, value)
    case .heartbeatTimeToLiveMilliseconds(let value): try set(ZMQ_HEARTBEAT_TTL, value)
    case .connectTimeoutMilliseconds(let value): try set(ZMQ_CONNECT_TIMEOUT, value)
    case .handshakeTimeoutMilliseconds(let value): try set(ZMQ_HANDSHAKE_IVL, value)
    case .reconnectIntervalMilliseconds(let value): try set(ZMQ_RECONNECT_IVL, value)
    case .reconnectMaximumIntervalMilliseconds(let value): try set(ZMQ_RECONNECT_IVL_MAX, value)
    case .routerMandatory(let value): try set(ZMQ_ROUTER_MANDATORY, Int32(value ? 1 : 0))
    case .immediate(let value): try set(ZMQ_IMMEDIATE, Int32(value ? 1 : 0))
    case .ipv6(let value): try set(ZMQ_IPV6, Int32(value ? 1 : 0))
    case .maximumMessageSize(let value): try set(ZMQ_MAXMSGSIZE, value)
    case .backlog(let value): try set(ZMQ_BACKLOG, value)
    }
  }

  private func set<Number: FixedWidthInteger>(_ name: Int32, _ value: Number) throws(ZeroMQError) {
    var value = value
    guard unsafe zmq_setsockopt(handle, name, &value, MemoryLayout<Number>.size) == 0 else {
      throw .last("zmq_setsockopt \(name) to \(value)")
    }
  }

  /// The address that the last `bind` or `connect` came to, with the port that the kernel chose.
  package func lastEndpoint() throws(ZeroMQError) -> String {
    // libzmq's longest is an ipc path of 107 bytes and its prefix.
    var text = [CChar](repeating: 0, count: 512)
    var length = text.count
    guard unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &length) == 0 else {
      throw .last("zmq_getsockopt ZMQ_LAST_ENDPOINT")
    }
    return String(decoding: text.prefix(max(length - 1, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
