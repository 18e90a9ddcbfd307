import AppLink
import DeviceProtocol
import Foundations
import Wasmtime

extension HostAPI {
  /// The longest topic or filter that an app may name, without the `/apps/{device}/` that the device puts before it.
  static let topicLimitBytes = DeviceLimit.appTopicBytes.value

  static let messageFunctions = [
    HostAPIFunction(
      "publish",
      """
      Publishes a message to /apps/{device}/{topic}. The topic is UTF-8 of 1 to 256 bytes without + and # and without \
      a / at its start; QoS 0, 1 or 2. Returns the message's ID, and event 2 tells when the broker has it; -6 if too \
      many messages wait for the broker or were published lately, -28 if a value is out of range, -76 if the device \
      does not grant that topic.
      """
    ) { context, call throws(HostErrno) in
      let topic = try context.text(call, 0, limit: topicLimitBytes, "topic")
      let payload = try context.bytes(call, 2, limit: context.launch.limits.publishPayloadBytes, "payload")
      guard let qos = UInt8(exactly: call.i32(4)), qos <= 2 else {
        throw context.refusal(.invalid, "QoS is 0, 1 or 2, not \(call.i32(4))")
      }
      guard let name = TopicFilter(topic), name.isTopic else {
        throw context.refusal(
          .invalid, "\"\(topic)\" is no topic: it is not empty, begins with no / and holds no + and no #")
      }
      try context.check(name, topic)
      try context.takeTurn()
      guard let id = context.state.publications.add() else {
        throw context.refusal(
          .again,
          "\(context.launch.limits.publishQueue) publications wait for the broker, as many as may: wait for event 2 of "
            + "earlier ones")
      }
      context.state.outbox.put(.publish(id: id, topic: topic, payload: payload, qos: qos))
      return Int64(id)
    },
    HostAPIFunction(
      "subscribe",
      """
      Subscribes to /apps/{device}/{filter}, where + stands for one level and # for all the rest. Returns the \
      subscription's handle; event 4 tells whether the broker accepted it, and event 3 announces each message, once \
      for each subscription that matches. Returns -6 if the app published or subscribed too often lately, -28 if the \
      filter is not valid, -51 if it has too many subscriptions, -76 if the device does not grant every topic that the \
      filter matches.
      """
    ) { context, call throws(HostErrno) in
      let text = try context.text(call, 0, limit: topicLimitBytes, "filter")
      guard let filter = TopicFilter(text) else {
        throw context.refusal(
          .invalid, "\"\(text)\" is no filter: + and # stand for whole levels, # for the last, and it begins with no /")
      }
      try context.check(filter, text)
      try context.takeTurn()
      let limit = "\(subscriptionLimit) subscriptions are as many as an app may have: end one"
      let handle = try context.explaining(.noSpace, limit) { () throws(HostErrno) in try context.subscriptions.add(()) }
      context.state.outbox.put(.subscribe(handle: UInt32(handle), filter: text))
      return Int64(handle)
    },
    HostAPIFunction(
      "unsubscribe",
      "Ends a subscription; no more events of it come. Returns 0, or -8 if there is no subscription with that handle."
    ) { context, call throws(HostErrno) in
      guard context.subscriptions.remove(call.i32(0)) else { throw .badHandle }
      context.state.outbox.put(.unsubscribe(handle: UInt32(call.i32(0))))
      return 0
    },
    HostAPIFunction(
      "msg_read",
      """
      Copies a part of the message that event 3 told of into buf: 0 its topic below /apps/{device}/, 1 its payload. \
      Returns its full length in bytes, and writes only if that is at most cap. The message can be read until \
      `xtb_event` returns or `poll` is called again; after that, or with another subscription's handle, the result is \
      -8.
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
