/// What a broker takes, as it says with CONNACK (MQTT 5, section 3.2.2.3). What the broker does not name, it does not
/// limit.
package struct MQTTBrokerLimits: Sendable, Equatable {
  /// Bytes of a whole packet; nil: the broker named no limit.
  var maximumPacketBytes: Int?
  /// QoS 1 messages that may wait for the broker's acknowledgement; nil: the broker named no limit.
  package var receiveMaximum: UInt16?
  /// The highest quality of service that the broker grants.
  var maximumQoS = MQTTQualityOfService.atLeastOnce
  /// Whether the broker keeps retained messages for those who subscribe later.
  var keepsMessages = true

  package init() {}

  /// Beside topic and payload: a type and a length of at most 5 bytes, the topic's own length of 2, a message ID of 2,
  /// and properties of which this client sends an expiry at most, of 6.
  private static let packetOverheadBytes = 15

  /// - Returns: bytes of the largest payload that fits; nil: the broker named no limit. Below 0: not even the topic fits.
  package func payloadRoomBytes(topic: String) -> Int? {
    maximumPacketBytes.map { $0 - topic.utf8.count - Self.packetOverheadBytes }
  }

  /// Whether the properties fit beside the payload.
  func hasRoom(for properties: [MQTTUserProperty], topic: String, payloadBytes: Int) -> Bool {
    guard let room = payloadRoomBytes(topic: topic) else { return true }
    // Their length takes at most 4 bytes, one of which is counted.
    return payloadBytes + properties.reduce(3) { $0 + $1.packetBytes } <= room
  }
}
