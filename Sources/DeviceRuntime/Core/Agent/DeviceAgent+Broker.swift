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
      } else if message.topic.hasPrefix(topics.appPrefix) {
        await subscriptions.deliver(message)
      } else if message.topic == topics.acknowledgement {
        if let epoch = await reporter.acknowledge(message.payload) { mailbox.post(.epochChosen(epoch)) }
        let acknowledgement = Acknowledgement(message.payload)
        if let position = acknowledgement.log { await logUploader.acknowledge(position) }
        await crashUploader.acknowledge(acknowledgement.crashes)
      }
    }
  }

  func readConnectionEvents() async {
    var nextTakeoverNote = ContinuousClock.now
    for await event in mqtt.events {
      switch event {
      case .connected(let sessionPresent):
        logger.info("connected to the broker", metadata: ["sessionPresent": "\(sessionPresent)"])
        // Whoever hears the report may answer it at once, and must not speak to nobody.
        if !sessionPresent { await subscribe() }
        await announcePresence()
        await reporter.connected()
        await logUploader.connected()
        await crashUploader.connected()
      case .disconnected(let reason):
        await reporter.disconnected()
        await logUploader.disconnected()
        await crashUploader.disconnected()
        logger.info("not connected to the broker", metadata: ["reason": "\(reason)"])
        if reason.reasonCode == .sessionTakenOver, .now >= nextTakeoverNote {
          // Once is how a session is ended from the server; what goes on is not to fill the flash.
          nextTakeoverNote = .now + .seconds(600)
          await note(
            .warning,
            "the broker ended this session for another one with this device's identity: if that goes on, a second "
              + "machine has a copy of its key")
        }
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

  /// Ends when the broker has granted both, or the connection is gone: the next one starts this again.
  private func subscribe() async {
    var backoff = RetryBackoff(first: .milliseconds(500), limit: .seconds(30))
    for filter in [topics.firmwareFilter, topics.acknowledgement] {
      while !Task.isCancelled, mqtt.isConnected {
        do {
          try await mqtt.subscribe(to: filter, qos: .atLeastOnce)
          break
        } catch {
          logger.warning("not subscribed yet", metadata: ["filter": "\(filter)", "reason": "\(error)"])
          try? await Task.sleep(for: backoff.next())
        }
      }
    }
  }
}
