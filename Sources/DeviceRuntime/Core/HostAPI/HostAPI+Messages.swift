internal import Wasmtime

extension HostAPI {
  /// MQTT allows 65,535 bytes; the rest of the topic is the device's.
  static let topicLimitBytes = 256

  static let messageFunctions = [
    HostAPIFunction(
      "publish",
      [.i32("topic"), .i32("topic_len"), .i32("payload"), .i32("payload_len"), .i32("qos")],
      """
      Publishes a message to /apps/{device}/{topic}. The topic is UTF-8 of 1 to 256 bytes without + and # and without \
      a / at its start; QoS 0, 1 or 2. Returns the message's ID, and event 2 tells when the broker has it; -6 while too \
      many messages wait for that, -28 if a value is out of range.
      """
    ) { context, call throws(HostErrno) in
      let topic = try call.text(0, limit: topicLimitBytes)
      let payload = try call.bytes(2, limit: context.launch.limits.publishPayloadBytes)
      guard let qos = UInt8(exactly: call.i32(4)), qos <= 2 else { throw .invalid }
      guard !topic.isEmpty, !topic.hasPrefix("/"), !topic.contains(where: { $0 == "+" || $0 == "#" }) else {
        throw .invalid
      }
      guard let id = context.publications.add() else { throw .again }
      context.outbox.put(.publish(id: id, topic: topic, payload: payload, qos: qos))
      return Int64(id)
    }
  ]
}
