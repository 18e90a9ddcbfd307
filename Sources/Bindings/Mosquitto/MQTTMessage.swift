/// How sure the sender wants to be that a message arrives (MQTT 5, section 4.3). Exactly-once is left out: what is
/// sent with this client must bear being delivered twice.
package enum MQTTQualityOfService: UInt8, Sendable, Equatable {
  /// QoS 0: sent once and not acknowledged; it may be lost.
  case atMostOnce = 0
  /// QoS 1: acknowledged by the receiver; it may be delivered twice.
  case atLeastOnce = 1
}

/// A message from the broker: `payload` as published on `topic`, delivered with `qos`, which is at most what the
/// subscription was granted.
package struct MQTTMessage: Sendable, Equatable {
  package let topic: String
  package let payload: [UInt8]
  package let qos: MQTTQualityOfService
  /// True when the broker had kept the message from before the subscription.
  package let retain: Bool
  /// What its sender put beside the payload; the first 8, of at most 256 bytes.
  package let userProperties: [MQTTUserProperty]

  package init(
    topic: String, payload: [UInt8], qos: MQTTQualityOfService, retain: Bool, userProperties: [MQTTUserProperty] = []
  ) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.retain = retain
    self.userProperties = userProperties
  }
}

/// A change of the connection.
package enum MQTTConnectionEvent: Sendable, Equatable {
  /// Connected; `sessionPresent` when the broker still had the session of this client ID, with its
  /// subscriptions and the messages that came while away.
  case connected(sessionPresent: Bool)
  /// The connection broke or could not be made. The client tries again by itself.
  case disconnected(MQTTError)
  /// After a reconnect, the broker no longer grants a subscription it had granted before.
  case subscriptionLost(filter: String, MQTTError)
}
