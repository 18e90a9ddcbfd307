import CMosquitto
import Glibc

// The library calls these inside its own functions, on the thread that called it. They only take
// notes: a call back into the library from here would meet its locks.
extension LibraryHandle {
  static func installCallbacks(_ pointer: OpaquePointer) {
    unsafe mosquitto_connect_v5_callback_set(pointer) { _, context, reason, flags, properties in
      unsafe note(
        context,
        .connected(
          sessionPresent: flags & 1 == 1, reason: UInt8(clamping: reason), limits: limits(properties)))
    }
    unsafe mosquitto_disconnect_v5_callback_set(pointer) { _, context, status, _ in
      unsafe note(context, .disconnected(status: status))
    }
    unsafe mosquitto_publish_v5_callback_set(pointer) { _, context, messageID, reason, _ in
      unsafe note(
        context, .answered(messageID: messageID, reason: MQTTReasonCode(rawValue: UInt8(clamping: reason))))
    }
    unsafe mosquitto_subscribe_v5_callback_set(pointer) { _, context, messageID, count, granted, _ in
      // One filter a request, so one answer; none would be a broker's mistake.
      let reason = unsafe count > 0 ? granted.map { unsafe $0.pointee } ?? 0x80 : 0x80
      unsafe note(
        context, .answered(messageID: messageID, reason: MQTTReasonCode(rawValue: UInt8(clamping: reason))))
    }
    unsafe mosquitto_unsubscribe_v5_callback_set(pointer) { _, context, messageID, _ in
      // The library reads the reason codes of UNSUBACK and keeps them to itself.
      unsafe note(context, .answered(messageID: messageID, reason: .success))
    }
    unsafe mosquitto_message_v5_callback_set(pointer) { _, context, message, properties in
      guard let message = unsafe message, let topic = unsafe message.pointee.topic else { return }
      let bytes = unsafe UnsafeRawBufferPointer(
        start: message.pointee.payload, count: Int(message.pointee.payloadlen))
      unsafe note(
        context,
        .received(
          MQTTMessage(
            topic: String(cString: topic), payload: Array(bytes),
            qos: message.pointee.qos > 0 ? .atLeastOnce : .atMostOnce, retain: message.pointee.retain,
            userProperties: userProperties(properties))))
    }
    unsafe mosquitto_log_callback_set(pointer) { _, context, level, text in
      guard level & Int32(MOSQ_LOG_ERR | MOSQ_LOG_WARNING) != 0, let context = unsafe context,
        let text = unsafe text
      else { return }
      let box = unsafe Unmanaged<SignalBox>.fromOpaque(context).takeUnretainedValue()
      box.detail = unsafe String(cString: text)
    }
  }
}

/// What CONNACK says of the broker; what it does not say has no limit.
private func limits(_ properties: OpaquePointer?) -> MQTTBrokerLimits {
  var limits = MQTTBrokerLimits()
  var receiveMaximum: UInt16 = 0
  if unsafe mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM.value, &receiveMaximum, false) != nil {
    limits.receiveMaximum = receiveMaximum
  }
  var packetBytes: UInt32 = 0
  if unsafe mosquitto_property_read_int32(properties, MQTT_PROP_MAXIMUM_PACKET_SIZE.value, &packetBytes, false) != nil {
    limits.maximumPacketBytes = Int(packetBytes)
  }
  var byte: UInt8 = 0
  if unsafe mosquitto_property_read_byte(properties, MQTT_PROP_MAXIMUM_QOS.value, &byte, false) != nil {
    limits.maximumQoS = byte == 0 ? .atMostOnce : .atLeastOnce
  }
  if unsafe mosquitto_property_read_byte(properties, MQTT_PROP_RETAIN_AVAILABLE.value, &byte, false) != nil {
    limits.keepsMessages = byte != 0
  }
  return limits
}

/// What came beside a message's payload.
private func userProperties(_ properties: OpaquePointer?) -> [MQTTUserProperty] {
  var found: [MQTTUserProperty] = []
  var next = unsafe properties
  var isFirst = true
  while found.count < MQTTUserProperty.maximumCount, unsafe next != nil {
    var name: UnsafeMutablePointer<CChar>?
    var value: UnsafeMutablePointer<CChar>?
    unsafe next = mosquitto_property_read_string_pair(
      next, MQTT_PROP_USER_PROPERTY.value, &name, &value, !isFirst)
    isFirst = false
    defer {
      unsafe free(name)
      unsafe free(value)
    }
    guard unsafe next != nil, let nameText = unsafe name, let valueText = unsafe value else { break }
    let property = unsafe MQTTUserProperty(String(cString: nameText), String(cString: valueText))
    if max(property.name.utf8.count, property.value.utf8.count) <= MQTTUserProperty.maximumBytes {
      found.append(property)
    }
  }
  return found
}

private func note(_ context: UnsafeMutableRawPointer?, _ signal: LibrarySignal) {
  guard let context = unsafe context else { return }
  unsafe Unmanaged<SignalBox>.fromOpaque(context).takeUnretainedValue().signals.append(signal)
}

extension mqtt5_property {
  /// As the property functions take it.
  var value: Int32 { Int32(bitPattern: rawValue) }
}
