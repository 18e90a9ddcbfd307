import CZeroMQ

extension ZeroMQSocket {
  /// Makes the socket, before it binds, talk CURVE to clients that the authenticator of its context lets in.
  ///
  /// libzmq lets everybody in who knows the server's key if a context has no authenticator, so the socket keeps it.
  package func serveCurve(_ keyPair: CurveKeyPair, _ authenticator: ZeroMQAuthenticator) throws(ZeroMQError) {
    precondition(authenticator.socket.context === context, "an authenticator serves the sockets of its own context")
    self.authenticator = authenticator
    try set(ZMQ_CURVE_SERVER, number: 1, "ZMQ_CURVE_SERVER")
    try set(ZMQ_CURVE_SECRETKEY, text: keyPair.secretText, "ZMQ_CURVE_SECRETKEY")
    // Without a domain libzmq need not ask the authenticator.
    try set(ZMQ_ZAP_DOMAIN, text: "xtblish", "ZMQ_ZAP_DOMAIN")
  }

  /// Makes the socket, before it connects, talk CURVE to a server with this key, and to no other.
  package func useCurve(_ keyPair: CurveKeyPair, server: CurvePublicKey) throws(ZeroMQError) {
    try set(ZMQ_CURVE_SERVERKEY, text: server.text, "ZMQ_CURVE_SERVERKEY")
    try set(ZMQ_CURVE_PUBLICKEY, text: keyPair.publicKey.text, "ZMQ_CURVE_PUBLICKEY")
    try set(ZMQ_CURVE_SECRETKEY, text: keyPair.secretText, "ZMQ_CURVE_SECRETKEY")
  }

  /// Bytes that CURVE adds to a frame (RFC 26: a command name, a nonce, flags and an authenticator), which count for
  /// ``Option/maximumMessageSize(_:)``.
  package static let curveOverhead = 33

  private func set(_ option: Int32, number: Int32, _ name: String) throws(ZeroMQError) {
    var number = number
    guard unsafe zmq_setsockopt(handle, option, &number, MemoryLayout<Int32>.size) == 0 else {
      throw .last("zmq_setsockopt \(name)")
    }
  }

  /// The error does not say the value, which may be secret.
  private func set(_ option: Int32, text: String, _ name: String) throws(ZeroMQError) {
    var text = text
    let code = text.withUTF8 { unsafe zmq_setsockopt(handle, option, $0.baseAddress, $0.count) }
    guard code == 0 else { throw .last("zmq_setsockopt \(name)") }
  }
}
