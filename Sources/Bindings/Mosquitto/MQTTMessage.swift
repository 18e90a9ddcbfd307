/// How sure the sender wants to be. Exactly-once is left out: every message of ours may be doubled.
package enum MQTTQualityOfService: UInt8, Sendable, Equatable {
  case atMostOnce = 0
  case atLeastOnce = 1
}

/// A message from the broker.
package struct MQTTMessage: Sendable, Equatable {
  package let topic: String
  package let payload: [UInt8]
  package let qos: MQTTQualityOfService
  /// True when the broker had kept the message from before the subscription.
  package let retain: Bool

  package init(topic: String, payload: [UInt8], qos: MQTTQualityOfService, retain: Bool) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.retain = retain
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
