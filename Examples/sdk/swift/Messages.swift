import CXTB1

/// MQTT's quality of service.
public enum QoS: Int32, Sendable {
  case atMostOnce = 0
  case atLeastOnce = 1
  case exactlyOnce = 2
}

/// A message on its way to the broker. `Event.published` tells that it is there.
public struct Publication: Equatable, Sendable {
  let id: Int32
}

/// Publishes a message to `/apps/{device}/{topic}`. `.tryLater` while too many are on their way.
@discardableResult
public func publish(
  _ topic: String, _ payload: [UInt8], qos: QoS = .atLeastOnce
) throws(HostError) -> Publication {
  let result = payload.withUnsafeBytes { bytes in
    topic.withBytes { xtb_publish($0, $1, bytes.baseAddress, UInt32(bytes.count), qos.rawValue) }
  }
  return Publication(id: try check(result))
}

/// The same with a text.
@discardableResult
public func publish(_ topic: String, _ text: String, qos: QoS = .atLeastOnce) throws(HostError) -> Publication {
  let result = topic.withBytes { topic, topicLength in
    text.withBytes { xtb_publish(topic, topicLength, $0, $1, qos.rawValue) }
  }
  return Publication(id: try check(result))
}

/// Messages below `/apps/{device}/` whose topic matches a filter. They come as `Event.message`.
public struct Subscription: Equatable, Sendable {
  let handle: Int32

  /// The filter may have MQTT's `+` and `#`. `Event.subscribed` says whether the broker agreed.
  public init(_ filter: String) throws(HostError) {
    handle = try check(filter.withBytes { xtb_subscribe($0, $1) })
  }

  init(handle: Int32) { self.handle = handle }

  /// No further messages come.
  public func end() throws(HostError) {
    try check(xtb_unsubscribe(handle))
  }
}

/// A message that came. It can be read only while its event is handled.
public struct Message: Sendable {
  /// Whose filter it matched.
  public let subscription: Subscription

  /// Below `/apps/{device}/`.
  public var topic: String {
    get throws(HostError) { String(decoding: try read(Int32(XTB_TOPIC)), as: UTF8.self) }
  }

  /// Its bytes.
  public var payload: [UInt8] {
    get throws(HostError) { try read(Int32(XTB_PAYLOAD)) }
  }

  private func read(_ part: Int32) throws(HostError) -> [UInt8] {
    try [UInt8].filled { xtb_msg_read(subscription.handle, part, $0, $1) }
  }
}
