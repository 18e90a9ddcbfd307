import CMosquitto
import Glibc

extension MQTTError {
  /// The error of a call that returned `status`, an `MOSQ_ERR_…`, or from a disconnect callback
  /// also a reason code of MQTT (0x80 and up).
  ///
  /// - Parameters:
  ///   - systemError: `errno`, read beside the call; used with `MOSQ_ERR_ERRNO` only.
  ///   - detail: the library's newest error log line, which is all it tells of TLS failures.
  init(status: Int32, systemError: Int32, doing action: String, detail: String = "") {
    let told = detail.isEmpty ? "" : ": \(detail)"
    if let raw = UInt8(exactly: status), raw >= 0x80 {
      let reason = MQTTReasonCode(rawValue: raw)
      self.init(.refused, "\(action): the broker said \(reason)\(told)", reasonCode: reason)
      return
    }
    switch mosq_err_t(rawValue: status) {
    // What the library makes of any failure of TLS after the handshake: with TLS 1.3 the broker refuses a client's
    // certificate only then.
    case MOSQ_ERR_ERRNO where systemError == EPROTO:
      self.init(.tls, "\(action): TLS failed; the broker may not take this client's certificate: see its log\(told)")
    case MOSQ_ERR_ERRNO:
      self.init(.connectFailed, "\(action): \(Self.text(ofSystemError: systemError))\(told)")
    case MOSQ_ERR_EAI, MOSQ_ERR_LOOKUP:
      self.init(.connectFailed, "\(action): the host name can't be resolved; check it\(told)")
    case MOSQ_ERR_NO_CONN:
      self.init(.notConnected, "\(action): not connected to the broker\(told)")
    case MOSQ_ERR_CONN_LOST:
      self.init(.connectionLost, "\(action): the connection was lost\(told)")
    case MOSQ_ERR_KEEPALIVE:
      self.init(.connectionLost, "\(action): the broker did not answer within the keep-alive time\(told)")
    case MOSQ_ERR_CONN_REFUSED:
      self.init(.refused, "\(action): the broker refused the connection\(told)")
    case MOSQ_ERR_TLS, MOSQ_ERR_TLS_HANDSHAKE:
      self.init(
        .tls, "\(action): TLS failed; check that certificate, key and authority fit the broker's\(told)")
    case MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_OVERSIZE_PACKET:
      self.init(.tooLarge, "\(action): larger than the broker takes; send less\(told)")
    case MOSQ_ERR_INVAL, MOSQ_ERR_MALFORMED_UTF8, MOSQ_ERR_QOS_NOT_SUPPORTED, MOSQ_ERR_RETAIN_NOT_SUPPORTED:
      self.init(.invalid, "\(action): \(Self.text(ofStatus: status))\(told)")
    default:
      self.init(.library, "\(action): \(Self.text(ofStatus: status))\(told)")
    }
  }

  private static func text(ofStatus status: Int32) -> String {
    // A static string of the library, for every number.
    guard let text = unsafe mosquitto_strerror(status) else { return "error \(status)" }
    return unsafe String(cString: text)
  }

  private static func text(ofSystemError number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    return unsafe buffer.withUnsafeMutableBufferPointer { memory in
      // XSI variant: fills the buffer, NUL-terminated, whatever the number.
      guard let start = memory.baseAddress, unsafe strerror_r(number, start, memory.count) == 0 else {
        return "error \(number)"
      }
      return unsafe String(cString: start)
    }
  }
}
