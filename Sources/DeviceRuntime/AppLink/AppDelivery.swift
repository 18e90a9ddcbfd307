package import Wire

/// What the agent hands to an app.
package enum AppDelivery: Sendable, Equatable {
  /// The broker's answer to a publication: MQTT's reason code, below 0x80 for success.
  case published(id: UInt64, reasonCode: UInt8)
  case keyValue(WireKeyValueAnswer)
  /// The broker's answer to a subscription, like that to a publication. A refused one's handle is gone.
  case subscribed(handle: UInt32, reasonCode: UInt8)
  /// Something came that these subscriptions match. Dropped, with a line in the log, if too many wait already.
  case message(handles: [UInt32], topic: String, payload: [UInt8])
  /// A person or a test set a simulated pin.
  case pin(name: String, level: Int32)
  /// A sensor reads from elsewhere from now on.
  case sensor(SensorGrant)
}
