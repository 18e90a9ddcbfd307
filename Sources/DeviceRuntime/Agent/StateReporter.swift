import DeviceProtocol
import FoundationEssentials
import Foundations
import Logging
import Mosquitto
import ServiceKit
import UpdateCore

/// Tells the broker what the device runs: on every change and connection, on the heartbeat, and again until it is
/// acknowledged. Only the newest report counts, so only that one is kept.
///
/// The Registry takes a report that is above what it holds, of the same flash. Where it holds something else, this flash
/// is new, or an old copy: it answers with what it holds, and the device states again under a new epoch, naming that. A
/// message that is late can't.
actor StateReporter {
  private let mqtt: MQTTClient
  private let topic: String
  private let heartbeat: Duration
  /// The time after which a report is sent again that was not acknowledged.
  private let repeatInterval: Duration
  private let timings: DeploymentTimings
  private let notes: AgentNotes
  private let signal = TaskSignal()
  /// The name of this start of the agent, which no other start has, nor one of another machine with this device's
  /// identity.
  private let run = RandomName.text(RandomName.make())

  private var report: DeviceReport?
  private var sequence: UInt64 = 0
  private var epoch: UInt64 = 0
  /// The epoch that the flash holds.
  private var keptEpoch: UInt64 = 0
  /// What the Registry said it holds, until it took something in its place.
  private var supersedes: StateMessage.Position?
  /// The pauses between statements under new epochs: whoever answers every report as if another were held does not
  /// make the device talk without end.
  private var restatements = RetryBackoff(first: .milliseconds(50), longest: .seconds(60))
  private var nextRestatement = ContinuousClock.now
  private var restatesAt: ContinuousClock.Instant?
  private var isConnected = false
  private var hasChanged = false
  private var isAcknowledged = true
  private var nextHeartbeat = ContinuousClock.now
  private var nextRepeat = ContinuousClock.now
  private var tries = MQTTOutlet.Tries()
  /// The smallest report that was on its way when a connection broke, since one got through; and those that get through
  /// in few words alone, as was found.
  private var cutBytes = Int.max
  private var shortFromBytes = Int.max
  /// The broker ends the connection for the report, however short it is: until then others speak instead.
  private var heldUntil: ContinuousClock.Instant?
  private var holds = RetryBackoff(first: .seconds(15), longest: .seconds(600))
  /// Called once, when the next report was sent or could not be.
  private var onSent: (@Sendable () -> Void)?

  init(
    mqtt: MQTTClient, topic: String, heartbeat: Duration, repeatInterval: Duration, timings: DeploymentTimings,
    notes: AgentNotes
  ) {
    self.mqtt = mqtt
    self.topic = topic
    self.heartbeat = heartbeat
    self.repeatInterval = repeatInterval
    self.timings = timings
    self.notes = notes
  }

  /// - Parameters:
  ///   - bootCount: makes the sequence numbers of this start higher than those of all before it.
  ///   - epoch: of the flash that the boots are counted on.
  func begin(bootCount: UInt32, epoch: UInt64) {
    // What the Registry stores has 63 bits.
    sequence = UInt64(bootCount & 0x7FFF_FFFF) << 32
    (self.epoch, keptEpoch) = (epoch, epoch)
  }

  func update(_ report: DeviceReport) {
    self.report = report
    hasChanged = true
    signal.wake()
  }

  /// There is a new connection: whoever listens may have missed the last report.
  ///
  /// - Parameter onSent: the report went out, or its time is over: others may speak.
  func connected(onSent: @escaping @Sendable () -> Void) {
    isConnected = true
    self.onSent = onSent
    hasChanged = report != nil
    signal.wake()
  }

  func disconnected() { isConnected = false }

  /// Whether the Registry has the newest report.
  var isSettled: Bool { isConnected && report != nil && isAcknowledged && !hasChanged && restatesAt == nil }

  /// - Returns: an epoch that the flash is to keep, if it is another one now.
  func acknowledge(_ reports: AcknowledgementMessage.Reports) -> UInt64? {
    // Only what answers the newest report says how that stands.
    guard reports.sequences.contains(sequence) else { return nil }
    if let held = reports.held {
      guard let held = held.checked, restatesAt == nil else { return nil }
      epoch = RandomName.make()
      supersedes = held
      restatesAt = max(.now, nextRestatement)
      nextRestatement = max(.now, nextRestatement) + restatements.next()
      signal.wake()
      return nil
    }
    isAcknowledged = true
    if let report, report.status == .confirmed { timings.settle(report.version) }
    supersedes = nil
    restatements.reset()
    guard epoch != keptEpoch else { return nil }
    keptEpoch = epoch
    return epoch
  }

  func run() async {
    while !Task.isCancelled {
      let now = ContinuousClock.now
      if isConnected, report != nil, let heldUntil, now < heldUntil {
        tellSent()
      } else if let report, isConnected {
        heldUntil = nil
        if hasChanged || now >= nextHeartbeat || restatesAt.map({ now >= $0 }) ?? false {
          sequence += 1
          hasChanged = false
          restatesAt = nil
          isAcknowledged = false
          nextHeartbeat = now + heartbeat
          await send(report)
        } else if !isAcknowledged, now >= nextRepeat {
          await send(report)
        }
      }
      // A new connection wakes this up.
      await signal.wait(upTo: isConnected ? pause : nil)
    }
  }

  private var pause: Duration {
    if let heldUntil { return max(.milliseconds(10), heldUntil - .now) }
    if hasChanged { return .zero }
    let next = min(isAcknowledged ? nextHeartbeat : min(nextHeartbeat, nextRepeat), restatesAt ?? nextHeartbeat)
    return max(.milliseconds(10), next - .now)
  }

  private var position: StateMessage.Position {
    StateMessage.Position(epoch: RandomName.text(epoch), sequence: sequence)
  }

  private func send(_ report: DeviceReport) async {
    nextRepeat = .now + repeatInterval
    // Of the connection on which this goes out, not of one that comes meanwhile.
    let onSent = onSent
    self.onSent = nil
    let trace = timings.trace(of: report.failed?.version ?? report.version)
    do {
      let timing = timings.message(of: report.version)
      var payload = try report.json(at: position, supersedes: supersedes, run: run, timing: timing)
      let room = mqtt.brokerLimits.payloadRoomBytes(topic: topic) ?? .max
      let isShort = payload.count > room || payload.count >= shortFromBytes || tries.goesAlone
      if isShort {
        payload = try report.inFewWords.json(at: position, supersedes: supersedes, run: run)
      }
      do throws(MQTTError) {
        try await mqtt.publish(
          topic: topic, payload: payload, userProperties: isShort ? [] : trace?.userProperties ?? [],
          isAdaptable: true, timeout: repeatInterval)
        if isShort { shortFromBytes = min(shortFromBytes, cutBytes) }
        (tries, cutBytes) = (MQTTOutlet.Tries(), .max)
        holds.reset()
      } catch {
        tries.note(error)
        if error.code == .connectionLost {
          if !isShort { cutBytes = min(cutBytes, payload.count) }
          if tries.areHopeless { await hold(payload.count) }
        }
        throw error
      }
    } catch {
      notes.logger.debug("report not sent", metadata: ["sequence": "\(sequence)", "error": "\(error)"])
    }
    onSent?()
  }

  /// Whoever waits for the first word need not.
  private func tellSent() {
    onSent?()
    onSent = nil
  }

  private func hold(_ bytes: Int) async {
    let pause = holds.next()
    heldUntil = .now + pause
    hasChanged = true
    await notes.write(
      .error,
      "the broker ended \(tries.cuts) connections for the report of what runs, of \(bytes) bytes: it is held back for "
        + "\(pause.components.seconds) s, so that others get out")
  }
}
