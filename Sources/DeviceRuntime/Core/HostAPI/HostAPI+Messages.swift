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
      many messages wait for that or there were too many lately, -28 if a value is out of range, -76 if the device does \
      not grant that topic.
      """
    ) { context, call throws(HostErrno) in
      let topic = try call.text(0, limit: topicLimitBytes)
      let payload = try call.bytes(2, limit: context.launch.limits.publishPayloadBytes)
      guard let qos = UInt8(exactly: call.i32(4)), qos <= 2 else { throw .invalid }
      guard let name = TopicFilter(topic), name.isTopic else { throw .invalid }
      guard context.grants(name) else { throw .notCapable }
      try context.takeTurn()
      guard let id = context.state.publications.add() else { throw .again }
      context.state.outbox.put(.publish(id: id, topic: topic, payload: payload, qos: qos))
      return Int64(id)
    },
    HostAPIFunction(
      "subscribe", [.i32("filter"), .i32("filter_len")],
      """
      Subscribes to /apps/{device}/{filter}, where + stands for one level and # for all the rest. Returns the \
      subscription's handle; event 4 tells whether the broker agreed, and event 3 of each message, once for each \
      subscription that matches. -6 if there were too many lately, -28 if the filter is none, -51 if there are too \
      many, -76 if the device does not grant all that it matches.
      """
    ) { context, call throws(HostErrno) in
      let text = try call.text(0, limit: topicLimitBytes)
      guard let filter = TopicFilter(text) else { throw .invalid }
      guard context.grants(filter) else { throw .notCapable }
      try context.takeTurn()
      let handle = try context.subscriptions.add(())
      context.state.outbox.put(.subscribe(handle: UInt32(handle), filter: text))
      return Int64(handle)
    },
    HostAPIFunction(
      "unsubscribe", [.i32("handle")],
      "Ends a subscription; no event of it comes any more. Returns 0, or -8 if there is none of that handle."
    ) { context, call throws(HostErrno) in
      guard context.subscriptions.remove(call.i32(0)) else { throw .badHandle }
      context.state.outbox.put(.unsubscribe(handle: UInt32(call.i32(0))))
      return 0
    },
    HostAPIFunction(
      "msg_read", [.i32("handle"), .i32("part"), .i32("buf"), .i32("cap")],
      """
      Copies a part of the message that event 3 told of into buf: 0 its topic below /apps/{device}/, 1 its payload. \
      Returns its full length in bytes, and writes only if that is at most cap. The message is there until the event \
      ends, or the next `poll`; otherwise, and for another subscription's handle, -8.
      """
    ) { context, call throws(HostErrno) in
      guard call.contains(call.i32(2), count: call.i32(3)) else { throw .fault }
      guard let (handle, message) = context.message, handle == call.i32(0) else { throw .badHandle }
      switch call.i32(1) {
      case 0: return try call.fill(2, with: Array(message.topic.utf8))
      case 1: return try call.fill(2, with: message.payload)
      default: throw .invalid
      }
    },
  ]
}
