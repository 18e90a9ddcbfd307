import DeviceCredentials
import DeviceProtocol
import DeviceStorage
import Foundations
import Logging
import Mosquitto
import UpdateCore

/// What comes from the broker.
extension DeviceAgent {
  func readMessages() async {
    for await message in mqtt.messages {
      if message.topic.text(behind: topics.firmwarePrefix) != nil {
        do throws(InvalidNotification) {
          let notification = try FirmwareNotification(
            topic: message.topic, payload: message.payload, device: identity.device)
          timings.noteArrival(of: notification.version, in: TraceContext(message.userProperties))
          mailbox.post(notification)
        } catch {
          logger.warning(
            "message on a firmware topic ignored",
            metadata: ["topic": "\(message.topic.prefix(200))", "error": "\(error)"])
        }
      } else if let topic = message.topic.text(behind: topics.appPrefix) {
        await subscriptions.deliver(message.payload, on: topic)
      } else if message.topic == topics.acknowledgement {
        let acknowledgement = AcknowledgementMessage.read(message.payload)
        if let reports = acknowledgement.reports, let epoch = await reporter.acknowledge(reports) {
          mailbox.post(.epochChosen(epoch))
        }
        if let position = acknowledgement.log { await logUploader.acknowledge(position) }
        await crashUploader.acknowledge(Set(acknowledgement.crashes))
      }
    }
  }

  func readConnectionEvents() async {
    var nextTakeoverNote = ContinuousClock.now
    var failures = 0
    for await event in mqtt.events {
      switch event {
      case .connected(let sessionPresent):
        logger.info("connected to the broker", metadata: ["session_present": "\(sessionPresent)"])
        failures = 0
        await hinder(.connection, by: nil)
        await greetAnew()
      case .disconnected(let reason):
        greeting?.cancel()
        // Whoever greets must not open what is closed here.
        await greeting?.value
        await outlet.close()
        await reporter.disconnected()
        await logUploader.disconnected()
        await crashUploader.disconnected()
        await subscriptions.disconnected()
        logger.info("not connected to the broker", metadata: ["error": "\(reason)"])
        failures += 1
        // A link that breaks and is back at once is nothing to write down.
        if failures >= Self.failuresTold { await hinder(.connection, by: "\(reason)") }
        if reason.reasonCode == .sessionTakenOver, .now >= nextTakeoverNote {
          // Once is how a session is ended from the server; what goes on is not to fill the flash.
          nextTakeoverNote = .now + .seconds(600)
          await note(
            .warning,
            "the broker ended this session for another one with this device's identity: if that goes on, a second "
              + "machine has a copy of its key")
        }
      // Nothing is subscribed to but what is asked for on each connection.
      case .subscriptionLost: break
      }
    }
  }

  private static let failuresTold = 3

  private func greetAnew() async {
    greeting?.cancel()
    await greeting?.value
    greeting = Task { await self.greet() }
  }

  /// What comes first on every connection, in this order: that the device hears, what it runs, that it is there. Only
  /// then may others speak, so that nothing of theirs keeps that from being known.
  private func greet() async {
    await hints.forgetAbsent()
    var isListening = false
    // Whoever hears the report may answer it at once, and must not speak to nobody. But a broker that hangs up when it
    // is asked to let the device hear is told first what runs.
    if deafConnections < Self.suspiciousDeafConnections {
      guard let isGranted = await subscribe() else { return }
      isListening = isGranted
    }
    let isSaid = TaskSignal()
    await reporter.connected { isSaid.wake() }
    await isSaid.wait(upTo: Self.firstWordLimit)
    if Task.isCancelled { return }
    await announcePresence()
    if Task.isCancelled { return }
    await outlet.open()
    await logUploader.connected()
    await crashUploader.connected()
    await subscriptions.connected()
    if !isListening { await subscribeAfterAll() }
  }

  /// How long the first report may take, which a failing flash keeps back.
  private static let firstWordLimit = Duration.seconds(10)
  private static let suspiciousDeafConnections = 3

  /// Says on the presence topic that the device is there. The message is not kept by the broker where it hung up on
  /// that, and left out of one connection where the broker hangs up on it at all.
  private func announcePresence() async {
    guard !presenceTries.areHopeless else {
      presenceTries = MQTTOutlet.Tries()
      await note(.warning, "the broker ends the connection when the device says that it is there: that is left out")
      return
    }
    do {
      try await mqtt.publish(
        topic: topics.presence, payload: Presence.online.payload, retain: !presenceTries.goesAlone, isAdaptable: true)
      presenceTries = MQTTOutlet.Tries()
    } catch {
      presenceTries.note(error)
      logger.debug("presence not announced", metadata: ["error": "\(error)"])
    }
  }

  /// Subscribes to the device's topics, on every connection: what the broker says of the session may be older than
  /// what this agent listens to, and the answer to an earlier request may have been lost.
  ///
  /// - Returns: whether the broker granted all of it; nil: the connection is gone.
  private func subscribe() async -> Bool? {
    var problem: String?
    for filter in [topics.firmwareFilter, topics.acknowledgement] {
      do {
        try await mqtt.subscribe(to: filter, qos: .atLeastOnce, isKept: false)
      } catch {
        if error.code == .connectionLost, error.mayHaveArrived { await hasGoneDeaf(filter) }
        if Task.isCancelled || !mqtt.isConnected { return nil }
        logger.warning("not subscribed yet", metadata: ["filter": "\(filter)", "error": "\(error)"])
        problem = problem ?? "\(error)"
      }
    }
    deafConnections = 0
    await hinder(.subscription, by: problem)
    return problem == nil
  }

  /// Notes that the connection ended while the broker was asked for the filter.
  private func hasGoneDeaf(_ filter: String) async {
    deafConnections = min(deafConnections + 1, 1000)
    guard deafConnections >= Self.suspiciousDeafConnections else { return }
    await hinder(.subscription, by: "the broker ends the connection when it is asked for \(filter)")
  }

  /// Ends when the broker has granted all, or with the connection: the next one starts this again.
  private func subscribeAfterAll() async {
    var backoff = RetryBackoff(first: .milliseconds(500), longest: .seconds(30))
    // Others are to get their turn before the connection ends for it again.
    for _ in 0..<min(deafConnections, 8) { _ = backoff.next() }
    repeat {
      do { try await Task.sleep(for: backoff.next()) } catch { return }
    } while await subscribe() == false
  }
}
