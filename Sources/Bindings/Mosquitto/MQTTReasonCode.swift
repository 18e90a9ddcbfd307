/// What the broker said of a request: a reason code of MQTT 5 (OASIS standard, section 2.4).
///
/// Codes from 0x80 are failures. A code this list does not know keeps its number. `notAuthorized` is what access
/// rules of the broker answer with, `sessionTakenOver` that another client came with the same client ID,
/// `packetTooLarge` and `quotaExceeded` that a limit of the broker's was passed.
package struct MQTTReasonCode: RawRepresentable, Hashable, Sendable {
  /// The code as a broker sends it.
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Done as asked; for a subscription, granted with QoS 0.
  package static let success = MQTTReasonCode(rawValue: 0x00)
  /// Sent by a client: goodbye, and the will is published all the same.
  package static let disconnectWithWill = MQTTReasonCode(rawValue: 0x04)
  /// The broker has the message, and nobody is subscribed to its topic.
  package static let noMatchingSubscribers = MQTTReasonCode(rawValue: 0x10)
  package static let notAuthorized = MQTTReasonCode(rawValue: 0x87)
  /// The broker ends all connections because it stops.
  package static let serverShuttingDown = MQTTReasonCode(rawValue: 0x8B)
  package static let sessionTakenOver = MQTTReasonCode(rawValue: 0x8E)
  package static let packetTooLarge = MQTTReasonCode(rawValue: 0x95)
  /// The broker keeps no messages.
  package static let retainNotSupported = MQTTReasonCode(rawValue: 0x9A)
  /// The broker offers a lower quality of service only.
  package static let qosNotSupported = MQTTReasonCode(rawValue: 0x9B)
  package static let quotaExceeded = MQTTReasonCode(rawValue: 0x97)

  /// Whether the code says that something was not done.
  package var isFailure: Bool { rawValue >= 0x80 }
}

extension MQTTReasonCode: CustomStringConvertible {
  package var description: String {
    let code = String(rawValue, radix: 16, uppercase: true)
    return "\(Self.names[rawValue] ?? "unknown reason") (0x\(code.count < 2 ? "0" : "")\(code))"
  }

  private static let names: [UInt8: String] = [
    0x00: "success", 0x04: "disconnect with will", 0x10: "no matching subscribers",
    0x11: "no subscription existed", 0x80: "unspecified error", 0x81: "malformed packet",
    0x82: "protocol error", 0x83: "implementation specific error", 0x84: "unsupported protocol version",
    0x85: "client identifier not valid", 0x86: "bad user name or password", 0x87: "not authorized",
    0x88: "server unavailable", 0x89: "server busy", 0x8A: "banned", 0x8B: "server shutting down",
    0x8D: "keep alive timeout", 0x8E: "session taken over", 0x8F: "topic filter invalid",
    0x90: "topic name invalid", 0x91: "packet identifier in use", 0x93: "receive maximum exceeded",
    0x95: "packet too large", 0x96: "message rate too high", 0x97: "quota exceeded",
    0x98: "administrative action", 0x99: "payload format invalid", 0x9A: "retain not supported",
    0x9B: "QoS not supported", 0x9C: "use another server", 0x9D: "server moved",
    0x9E: "shared subscriptions not supported", 0x9F: "connection rate exceeded",
    0xA0: "maximum connect time", 0xA2: "wildcard subscriptions not supported",
  ]
}
