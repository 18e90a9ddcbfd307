internal import FoundationEssentials
internal import Logging
internal import Mosquitto
import ServiceKit

/// Tells the broker what the device runs: on every change and connection, on the heartbeat, and again until it is
/// acknowledged. Only the newest report counts, so only that one is kept.
actor StateReporter {
  private let mqtt: MQTTClient
  private let topic: String
  private let heartbeat: Duration
  /// Without an acknowledgement the report is sent again after this.
  private let repeatInterval: Duration
  private let logger: Logger
  private let signal = TaskSignal()

  private var report: DeviceReport?
  private var sequence: UInt64 = 0
  private var isConnected = false
  private var hasChanged = false
  private var isAcknowledged = true
  private var nextHeartbeat = ContinuousClock.now
  private var nextRepeat = ContinuousClock.now

  init(mqtt: MQTTClient, topic: String, heartbeat: Duration, repeatInterval: Duration, logger: Logger) {
    self.mqtt = mqtt
    self.topic = topic
    self.heartbeat = heartbeat
    self.repeatInterval = repeatInterval
    self.logger = logger
  }

  /// - Parameter bootCount: makes the sequence numbers of this start higher than those of all before it.
  func begin(bootCount: UInt32) { sequence = UInt64(bootCount) << 32 }

  func update(_ report: DeviceReport) {
    self.report = report
    hasChanged = true
    signal.wake()
  }

  /// There is a new connection: whoever listens may have missed the last report.
  func connected() {
    isConnected = true
    hasChanged = report != nil
    signal.wake()
  }

  func disconnected() { isConnected = false }

  func acknowledge(_ payload: [UInt8]) {
    struct Payload: Decodable { var sequences: [UInt64] }
    guard payload.count <= 64 * 1024, let message = try? JSONCoding.decode(Payload.self, from: payload),
      message.sequences.contains(sequence)
    else { return }
    isAcknowledged = true
  }

  func run() async {
    while !Task.isCancelled {
      let now = ContinuousClock.now
      if let report, isConnected {
        if hasChanged || now >= nextHeartbeat {
          sequence += 1
          hasChanged = false
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
    if hasChanged { return .zero }
    let next = isAcknowledged ? nextHeartbeat : min(nextHeartbeat, nextRepeat)
    return max(.milliseconds(10), next - .now)
  }

  private func send(_ report: DeviceReport) async {
    nextRepeat = .now + repeatInterval
    do {
      try await mqtt.publish(topic: topic, payload: try report.json(sequence: sequence), timeout: repeatInterval)
    } catch {
      logger.debug("report not sent", metadata: ["sequence": "\(sequence)", "reason": "\(error)"])
    }
  }
}
