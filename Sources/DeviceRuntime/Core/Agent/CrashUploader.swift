internal import Logging
internal import Mosquitto

/// Sends the crash reports that the server does not have: each at once, and all again until they are acknowledged.
actor CrashUploader {
  private let store: CrashStore
  private let mqtt: MQTTClient
  private let outlet: MQTTOutlet
  private let topic: String
  private let notes: AgentNotes
  private let signal = TaskSignal()

  private var repeats: RetryBackoff
  private var isConnected = false
  /// How each report fared that is not through yet, and how large it may be: halved whenever the broker ends the
  /// connection for it.
  private var tries: [String: MQTTOutlet.Tries] = [:]
  private var largestBytes: [String: Int] = [:]
  /// The broker ended the connection for them in every size. They stay on the flash until the agent's next start.
  private var setAside: Set<String> = []
  /// What was sent in this round.
  private var sent: Set<String> = []
  private var nextRound = ContinuousClock.now

  /// - Parameters:
  ///   - firstRepeatPause: without an acknowledgement all are sent again after this; it grows to `longestRepeatPause`.
  init(
    store: CrashStore, mqtt: MQTTClient, outlet: MQTTOutlet, topic: String, firstRepeatPause: Duration,
    longestRepeatPause: Duration = .seconds(300), notes: AgentNotes
  ) {
    self.store = store
    self.mqtt = mqtt
    self.outlet = outlet
    self.topic = topic
    self.notes = notes
    repeats = RetryBackoff(first: firstRepeatPause, limit: longestRepeatPause)
  }

  func connected() {
    isConnected = true
    repeats.reset()
    sent = []
    signal.wake()
  }

  func disconnected() { isConnected = false }

  /// There is a new report.
  func added() { signal.wake() }

  func acknowledge(_ ids: Set<String>) async {
    guard !ids.isEmpty else { return }
    for id in ids { (tries[id], largestBytes[id]) = (nil, nil) }
    await store.forget(ids)
  }

  /// Works until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      var wait: Duration?
      if isConnected {
        let waiting = await store.waiting.filter { !setAside.contains($0.id) }
        if !sent.isEmpty, .now >= nextRound { sent = [] }
        for report in waiting where isConnected && !sent.contains(report.id) { await send(report) }
        // What was acknowledged meanwhile needs no further round.
        if await store.waiting.contains(where: { !setAside.contains($0.id) }) {
          wait = max(.milliseconds(10), nextRound - .now)
        }
      }
      await signal.wait(upTo: wait)
    }
  }

  private func send(_ report: CrashReport) async {
    if sent.isEmpty { nextRound = .now + repeats.next() }
    sent.insert(report.id)
    let id = report.id
    var tries = tries[id] ?? MQTTOutlet.Tries()
    do {
      let room = mqtt.brokerLimits.payloadRoomBytes(topic: topic) ?? CrashReport.maximumBytes
      let payload = try report.json(
        maximumBytes: min(CrashReport.maximumBytes, room, largestBytes[id] ?? CrashReport.maximumBytes))
      defer { self.tries[id] = tries }
      do throws(MQTTError) {
        try await outlet.publish(topic: topic, payload: payload, isAdaptable: true, tries: &tries)
      } catch {
        if error.code == .connectionLost, tries.goesAlone {
          let smaller = try? report.json(maximumBytes: payload.count / 2)
          if let smaller, smaller.count < payload.count {
            largestBytes[id] = payload.count / 2
            tries.beginSmaller()
          } else if tries.areHopeless {
            setAside.insert(id)
            await notes.write(
              .error,
              "the broker ended \(tries.cuts) connections for crash report \(id), in the smallest form too: it is not "
                + "sent before the next start", version: report.version)
          }
        }
        throw error
      }
    } catch {
      notes.logger.debug("crash report not sent", metadata: ["id": "\(report.id)", "reason": "\(error)"])
    }
  }
}
