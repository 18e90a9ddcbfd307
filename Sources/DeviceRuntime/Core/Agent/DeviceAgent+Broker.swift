internal import FirmwareImage
internal import Logging
internal import Mosquitto

/// What comes from the broker.
extension DeviceAgent {
  func readMessages() async {
    for await message in mqtt.messages {
      if message.topic.hasPrefix(topics.firmwarePrefix) {
        do throws(InvalidNotification) {
          mailbox.post(
            try FirmwareNotification(topic: message.topic, payload: message.payload, device: identity.device))
        } catch {
          logger.warning(
            "message on a firmware topic ignored",
            metadata: ["topic": "\(message.topic.prefix(200))", "reason": "\(error)"])
        }
      } else if message.topic == topics.acknowledgement {
        await reporter.acknowledge(message.payload)
      }
    }
  }

  func readConnectionEvents() async {
    for await event in mqtt.events {
      switch event {
      case .connected(let sessionPresent):
        logger.info("connected to the broker", metadata: ["sessionPresent": "\(sessionPresent)"])
        await announcePresence()
        await reporter.announce()
      case .disconnected(let reason):
        logger.info("not connected to the broker", metadata: ["reason": "\(reason)"])
      case .subscriptionLost(let filter, let reason):
        logger.error("the broker refuses a subscription", metadata: ["filter": "\(filter)", "reason": "\(reason)"])
      }
    }
  }

  private func announcePresence() async {
    do {
      try await mqtt.publish(topic: topics.presence, payload: Array("online".utf8), retain: true)
    } catch {
      logger.debug("presence not announced", metadata: ["reason": "\(error)"])
    }
  }

  /// The client subscribes again by itself after a reconnect; only the first time must succeed here.
  func keepSubscribed() async {
    for filter in [topics.firmwareFilter, topics.acknowledgement] {
      var backoff = RetryBackoff(first: .milliseconds(500), limit: .seconds(30))
      while !Task.isCancelled {
        do {
          try await mqtt.subscribe(to: filter, qos: .atLeastOnce)
          break
        } catch {
          if error.code == .closed || error.code == .cancelled { return }
          logger.debug("not subscribed yet", metadata: ["filter": "\(filter)", "reason": "\(error)"])
          try? await Task.sleep(for: backoff.next())
        }
      }
    }
  }
}
