import DeviceProtocol
import DeviceStorage
import Foundations
import Logging
import Mosquitto

/// Sends the log's lines in batches, in their order: the next batch after the last one was acknowledged, and the same
/// one again until it is. However much an app says, no more goes out than the policy lets.
actor LogUploader {
  private let log: DeviceLog
  private let mqtt: MQTTClient
  private let outlet: MQTTOutlet
  private let topic: String
  private let policy: LogUploadPolicy
  private let notes: AgentNotes
  private let signal = TaskSignal()

  private var budget: ByteBudget
  private var repeats: RetryBackoff
  private var isConnected = false
  private var batch: LogBatch?
  /// The limit that the present batch was made for.
  private var batchLimitBytes = 0
  private var tries = MQTTOutlet.Tries()
  /// More than this in one message made the broker end the connection; nil: that was not seen, or is long ago.
  private var largestTakenBytes: Int?
  private var largestTakenSince = ContinuousClock.now
  /// After lines that were set aside: where the broker takes none at all, few are given up and others go on.
  private var holds = RetryBackoff(first: .seconds(10), longest: .seconds(600))
  private var nextBatch = ContinuousClock.now
  private var nextRepeat = ContinuousClock.now

  /// A broker that takes less than this in a message takes no log.
  private static let leastBatchBytes = 512
  /// How long `largestTakenBytes` counts: the link may have broken by itself, or the broker takes more by now.
  private static let largestTakenLife = Duration.seconds(600)

  init(log: DeviceLog, mqtt: MQTTClient, outlet: MQTTOutlet, topic: String, policy: LogUploadPolicy, notes: AgentNotes)
  {
    self.log = log
    self.mqtt = mqtt
    self.outlet = outlet
    self.topic = topic
    self.policy = policy
    self.notes = notes
    budget = ByteBudget(bytesPerSecond: policy.bytesPerSecond, burstBytes: policy.burstBytes, now: .now)
    repeats = RetryBackoff(first: policy.firstRepeatPause, longest: policy.longestRepeatPause)
  }

  /// Called for a new connection: the batch or its acknowledgement may have been lost with the old one.
  func connected() {
    isConnected = true
    repeats.reset()
    nextRepeat = .now
    // This broker may take less than the one for which the batch was made.
    if batchBytes < batchLimitBytes { batch = nil }
    signal.wake()
  }

  func disconnected() { isConnected = false }

  func acknowledge(_ position: AcknowledgementMessage.LogPosition) async {
    // An earlier batch's acknowledgement may come twice and late.
    guard let batch, position.log == batch.log else { return }
    if await log.beginAnew(if: position) {
      notes.logger.warning("the server has other lines by these IDs: was the flash restored? A new log begins")
      self.batch = nil
      signal.wake()
      return
    }
    guard position.reused == nil, position.through >= batch.firstID else { return }
    await log.acknowledge(through: min(position.through, batch.lastID), of: batch.log)
    if self.batch == batch { self.batch = nil }
    holds.reset()
    if .now - largestTakenSince > Self.largestTakenLife { largestTakenBytes = nil }
    signal.wake()
  }

  /// Works until the task is cancelled.
  func run() async {
    await log.observe(with: signal)
    while !Task.isCancelled {
      await sendWhatIsDue()
      await signal.wait(upTo: wait)
    }
  }

  private func sendWhatIsDue() async {
    guard isConnected else { return }
    if batch == nil, .now >= nextBatch {
      batchLimitBytes = batchBytes
      batch = await log.nextBatch(maximumBytes: batchLimitBytes, maximumLines: policy.batchLines)
      repeats.reset()
      nextRepeat = .now
    }
    if let batch, .now >= max(nextRepeat, nextBatch) { await send(batch) }
  }

  private var batchBytes: Int {
    let bytes = [policy.batchBytes, mqtt.brokerLimits.payloadRoomBytes(topic: topic), largestTakenBytes]
    return max(Self.leastBatchBytes, bytes.compactMap { $0 }.min() ?? policy.batchBytes)
  }

  /// How long to wait for the next thing to do; nil: until something happens.
  private var wait: Duration? {
    guard isConnected else { return nil }
    let next = batch == nil ? nextBatch : max(nextRepeat, nextBatch)
    let left = next - .now
    // With nothing to send and nothing to wait for, the next line wakes this up.
    return left > .zero ? left : batch == nil ? nil : .milliseconds(10)
  }

  private func send(_ batch: LogBatch) async {
    let pause = repeats.next()
    nextRepeat = .now + pause
    do {
      let payload = try batch.json()
      nextBatch = .now + max(policy.pause, budget.spend(payload.count, now: .now))
      var tries = tries
      defer { self.tries = tries }
      do throws(MQTTError) {
        try await outlet.publish(
          topic: topic, payload: payload, isAdaptable: true, timeout: policy.firstRepeatPause, tries: &tries)
      } catch {
        if error.code == .tooLarge || error.code == .connectionLost && tries.goesAlone {
          if payload.count > Self.leastBatchBytes {
            // The same lines in smaller pieces, of which one line cut short is the smallest.
            (largestTakenBytes, largestTakenSince) = (max(Self.leastBatchBytes, payload.count / 2), .now)
            tries.beginSmaller()
            self.batch = nil
          } else if tries.areHopeless {
            // The next one that meets the same costs one connection: only what gets through ends this.
            await setAside(batch, cuts: tries.cuts)
          }
        }
        throw error
      }
    } catch {
      notes.logger.debug("log lines not sent", metadata: ["line": "\(batch.firstID)", "error": "\(error)"])
    }
  }

  /// Gives up a batch: its lines stay in the device's own log, and the server is told how many there were.
  private func setAside(_ batch: LogBatch, cuts: Int) async {
    self.batch = nil
    let pause = holds.next()
    nextBatch = .now + pause
    await log.setAside(through: batch.lastID, of: batch.log)
    await notes.write(
      .warning,
      "the broker ended \(cuts) connections for lines \(batch.firstID) to \(batch.lastID) of this log, in the smallest "
        + "message: they are not sent")
  }
}
