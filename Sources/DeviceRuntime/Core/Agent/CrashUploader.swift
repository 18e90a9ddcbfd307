internal import Logging
internal import Mosquitto

/// Sends the crash reports that the server does not have: each at once, and all again until they are acknowledged.
actor CrashUploader {
  private let store: CrashStore
  private let mqtt: MQTTClient
  private let topic: String
  private let logger: Logger
  private let signal = TaskSignal()

  private var repeats: RetryBackoff
  private var isConnected = false
  /// What was sent in this round.
  private var sent: Set<String> = []
  private var nextRound = ContinuousClock.now

  /// - Parameters:
  ///   - firstRepeatPause: without an acknowledgement all are sent again after this; it grows to `longestRepeatPause`.
  init(
    store: CrashStore, mqtt: MQTTClient, topic: String, firstRepeatPause: Duration,
    longestRepeatPause: Duration = .seconds(300), logger: Logger
  ) {
    self.store = store
    self.mqtt = mqtt
    self.topic = topic
    self.logger = logger
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
    await store.forget(ids)
  }

  /// Works until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      var wait: Duration?
      if isConnected {
        let waiting = await store.waiting
        if !sent.isEmpty, .now >= nextRound { sent = [] }
        for report in waiting where isConnected && !sent.contains(report.id) { await send(report) }
        // What was acknowledged meanwhile needs no further round.
        if await !store.waiting.isEmpty { wait = max(.milliseconds(10), nextRound - .now) }
      }
      await signal.wait(upTo: wait)
    }
  }

  private func send(_ report: CrashReport) async {
    if sent.isEmpty { nextRound = .now + repeats.next() }
    sent.insert(report.id)
    do {
      try await mqtt.publish(topic: topic, payload: try report.json())
    } catch {
      logger.debug("crash report not sent", metadata: ["id": "\(report.id)", "reason": "\(error)"])
    }
  }
}
