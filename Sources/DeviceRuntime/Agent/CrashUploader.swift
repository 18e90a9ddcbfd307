import DeviceProtocol
import DeviceStorage
import Foundations
import Logging
import Mosquitto

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
  /// How each report fared that the server does not have yet.
  private var progress: [String: Progress] = [:]
  /// What was sent in this round.
  private var sent: Set<String> = []
  private var nextRound = ContinuousClock.now

  private struct Progress {
    var tries = MQTTOutlet.Tries()
    /// Halved whenever the broker ends the connection for the report.
    var largestBytes = DeviceLimit.crashBytes.value

    /// The broker ended the connection for it in every size. It stays on the flash until the agent's next start.
    var isSetAside: Bool { tries.areHopeless }
  }

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
    repeats = RetryBackoff(first: firstRepeatPause, longest: longestRepeatPause)
  }

  func connected() {
    isConnected = true
    repeats.reset()
    sent = []
    signal.wake()
  }

  func disconnected() { isConnected = false }

  /// Called when there is a new report.
  func added() { signal.wake() }

  func acknowledge(_ ids: Set<String>) async {
    guard !ids.isEmpty else { return }
    await store.forget(ids)
  }

  /// Works until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      var wait: Duration?
      if isConnected {
        let stored = await store.waiting
        progress = progress.filter { id, _ in stored.contains { $0.id == id } }
        let waiting = stored.filter { !isSetAside($0) }
        if !sent.isEmpty, .now >= nextRound { sent = [] }
        for report in waiting where isConnected && !sent.contains(report.id) { await send(report) }
        // What was acknowledged meanwhile needs no further round.
        if await store.waiting.contains(where: { !isSetAside($0) }) {
          wait = max(.milliseconds(10), nextRound - .now)
        }
      }
      await signal.wait(upTo: wait)
    }
  }

  private func isSetAside(_ report: CrashReport) -> Bool { progress[report.id]?.isSetAside == true }

  private func send(_ report: CrashReport) async {
    if sent.isEmpty { nextRound = .now + repeats.next() }
    sent.insert(report.id)
    let id = report.id
    var progress = progress[id] ?? Progress()
    do {
      let room = mqtt.brokerLimits.payloadRoomBytes(topic: topic) ?? DeviceLimit.crashBytes.value
      let payload = try report.json(
        maximumBytes: min(DeviceLimit.crashBytes.value, room, progress.largestBytes))
      defer { self.progress[id] = progress }
      do throws(MQTTError) {
        try await outlet.publish(topic: topic, payload: payload, isAdaptable: true, tries: &progress.tries)
      } catch {
        if error.code == .connectionLost, progress.tries.goesAlone {
          let smaller = try? report.json(maximumBytes: payload.count / 2)
          if let smaller, smaller.count < payload.count {
            progress.largestBytes = payload.count / 2
            progress.tries.beginSmaller()
          } else if progress.isSetAside {
            await notes.write(
              .error,
              "the broker ended \(progress.tries.cuts) connections for crash report \(id), in the smallest form too: "
                + "it is not sent before the next start", version: report.version)
          }
        }
        throw error
      }
    } catch {
      notes.logger.debug("crash report not sent", metadata: ["crash": "\(report.id)", "error": "\(error)"])
    }
  }
}
