/// A connection to an MQTT 5 broker that makes itself again whenever it breaks.
///
/// It works on a thread of its own from `start()` to `close()`. Messages arrive in `messages`, for
/// one reader, from the first connection on; those of a session that the broker kept may come
/// before any `subscribe`.
package final class MQTTClient: Sendable {
  private let core: ClientCore

  /// Checks the options; nothing runs yet.
  package init(options: MQTTClientOptions) throws(MQTTError) {
    core = try ClientCore(options)
  }

  deinit {
    // The thread must not outlive its client even if close() was forgotten.
    core.beginClosing(goodbye: .success)
  }

  /// What the client was made with.
  package var options: MQTTClientOptions { core.options }

  /// Messages for the one task that reads them.
  package var messages: MQTTMessages { MQTTMessages(queue: core.incoming) }

  /// Changes of the connection, for one reader; the newest 16 are kept.
  package var events: AsyncStream<MQTTConnectionEvent> { core.events }

  /// Whether there is a connection now. It may end at any moment: use it for displays, and for decisions the errors
  /// of calls.
  package var isConnected: Bool { core.isConnected }

  /// What the broker said of itself when the present connection, or the last one, was made.
  package var brokerLimits: MQTTBrokerLimits { core.limits }

  /// Messages given up because nobody read them, with `.dropOldest`.
  package var droppedMessages: UInt64 { core.incoming.droppedMessages }

  /// Messages that wait to be read.
  package var waitingMessages: Int { core.incoming.count }

  /// Publishes handed to the network whose acknowledgement is out.
  package var publishesInFlight: Int { core.publishesInFlight }

  /// Starts connecting, and goes on until `close()`. A second call does nothing.
  package func start() throws(MQTTError) {
    guard core.beginRunning() else { return }
    let core = core
    do {
      try NetworkThread.start { NetworkLoop(core).run() }
    } catch {
      core.finish()
      throw error
    }
  }

  /// Returns once there is a connection.
  ///
  /// - Parameter timeout: nil waits until the client is closed.
  package func waitUntilConnected(timeout: Duration? = nil) async throws(MQTTError) {
    _ = try await core.perform(.awaitConnection, timeout: timeout).get()
  }

  /// Publishes a message.
  ///
  /// With `.atLeastOnce` it returns when the broker acknowledged the message (PUBACK), and with
  /// `.atMostOnce` when it was written to the connection. It is never sent again by itself: whatever
  /// it throws is final, and `MQTTError.mayHaveArrived` tells whether a repeat might double it.
  ///
  /// - Parameters:
  ///   - isAdaptable: a broker without QoS 1 or retained messages gets it with QoS 0 or not to be kept; otherwise it is
  ///     refused.
  ///   - expirySeconds: the broker drops the message if it could not be delivered for so long.
  ///   - userProperties: what goes beside the payload; left out where the broker has no room for it.
  ///   - timeout: for the wait for a place in the window and for the acknowledgement together.
  /// - Returns: `.success`, or `.noMatchingSubscribers` when the broker has it and nobody listens.
  @discardableResult
  package func publish(
    topic: String, payload: [UInt8], qos: MQTTQualityOfService = .atLeastOnce, retain: Bool = false,
    expirySeconds: UInt32? = nil, userProperties: [MQTTUserProperty] = [], isAdaptable: Bool = false,
    timeout: Duration = .seconds(5)
  ) async throws(MQTTError) -> MQTTReasonCode {
    try MQTTTopic.validate(name: topic)
    guard payload.count <= Int(core.options.maximumPacketBytes) else {
      throw MQTTError(
        .tooLarge,
        "the payload has \(payload.count) bytes; this client sends at most \(core.options.maximumPacketBytes)")
    }
    if let room = core.limits.payloadRoomBytes(topic: topic), payload.count > room {
      throw MQTTError(
        .tooLarge, "the payload has \(payload.count) bytes; to \(topic) the broker takes at most \(max(0, room))")
    }
    let hasRoom = core.limits.hasRoom(for: userProperties, topic: topic, payloadBytes: payload.count)
    let publication = Publication(
      topic: topic, payload: payload, qos: qos, retain: retain, expirySeconds: expirySeconds,
      userProperties: hasRoom ? userProperties : [], isAdaptable: isAdaptable)
    return MQTTReasonCode(rawValue: try await core.perform(.publish(publication), timeout: timeout).get())
  }

  /// Subscribes, and returns when the broker granted it (SUBACK). Without a connection it waits for
  /// one. The client subscribes again on every new connection.
  ///
  /// - Parameters:
  ///   - isKept: false: it needs a connection and ends with it, as a publication does, and whoever wants it on the next
  ///     one asks again. So a filter for which the broker ends the connection is found, and others go first.
  ///   - timeout: nil waits until the client is closed.
  /// - Returns: what the broker granted, which may be less than was asked.
  @discardableResult
  package func subscribe(
    to filter: String, qos: MQTTQualityOfService = .atLeastOnce, isKept: Bool = true,
    timeout: Duration? = .seconds(10)
  ) async throws(MQTTError) -> MQTTQualityOfService {
    try MQTTTopic.validate(filter: filter)
    let subscription = Subscription(filter: filter, qos: qos, isKept: isKept)
    let granted = try await core.perform(.subscribe(subscription), timeout: timeout).get()
    return granted == 0 ? .atMostOnce : .atLeastOnce
  }

  /// Ends a subscription; returns when the broker has (UNSUBACK).
  package func unsubscribe(
    from filter: String, timeout: Duration? = .seconds(10)
  ) async throws(MQTTError) {
    try MQTTTopic.validate(filter: filter)
    _ = try await core.perform(.unsubscribe(filter: filter), timeout: timeout).get()
  }

  /// Ends the connection with a goodbye, and makes the next one at once: with the certificate that is in the files by
  /// then. The session stays, and the will is not sent; requests without an answer end as with a lost connection.
  package func reconnect() {
    core.askForReconnect()
  }

  /// Says goodbye to the broker, ends the thread and everything that waits. May be repeated.
  ///
  /// - Parameter sendingWill: the broker publishes the will all the same.
  package func close(sendingWill: Bool = false) async {
    core.beginClosing(goodbye: sendingWill ? .disconnectWithWill : .success)
    await core.waitUntilClosed()
  }
}
