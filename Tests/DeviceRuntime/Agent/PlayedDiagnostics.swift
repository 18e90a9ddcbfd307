import DeviceProtocol
import Foundation
import Foundations
import Mosquitto
import Synchronization
import TestSupport

@testable import DeviceStorage

/// Takes a device's log lines and crash reports in the place of Notifier and Registry: stores each line once.
/// `ServersOfDevices` says what it has in common with them.
final class PlayedDiagnostics: Sendable {
  private struct State {
    var acknowledges = true
    var batches: [LogMessage] = []
    var stored: [String: [LogMessage.Line]] = [:]
    var order: [String] = []
    /// What would be wrong for any server.
    var faults: [String] = []
    var crashes: [CrashReport] = []
    var longestPayload = 0
    var bytes = 0
  }

  private let device: DeviceID
  private let client: MQTTClient
  private let state = Mutex(State())
  private let reading = Mutex<Task<Void, Never>?>(nil)

  init(_ harness: AgentHarness, acknowledges: Bool = true) async throws {
    device = harness.device
    var options = MQTTClientOptions(
      host: harness.broker.host, port: UInt16(harness.broker.port), clientID: "diagnostics-\(harness.device)")
    options.reconnectInitialDelay = .milliseconds(20)
    options.reconnectMaximumDelay = .milliseconds(200)
    client = try MQTTClient(options: options)
    state.withLock { $0.acknowledges = acknowledges }
    try client.start()
    try await client.subscribe(to: "/devices/\(harness.device)/log")
    try await client.subscribe(to: "/devices/\(harness.device)/crash")
    let task = Task { [weak self, client] in
      for await message in client.messages {
        guard let self else { return }
        await self.take(message)
      }
    }
    reading.withLock { $0 = task }
  }

  deinit { reading.withLock { $0?.cancel() } }

  var acknowledges: Bool {
    get { state.withLock { $0.acknowledges } }
    set { state.withLock { $0.acknowledges = newValue } }
  }

  var batches: [LogMessage] { state.withLock { $0.batches } }
  /// Logs in the order in which they were first heard of.
  var logs: [String] { state.withLock { $0.order } }
  /// Of all logs.
  var lines: [LogMessage.Line] { state.withLock { state in state.order.flatMap { state.stored[$0] ?? [] } } }
  var faults: [String] { state.withLock { $0.faults } }
  /// Every one that came, repeats too.
  var crashes: [CrashReport] { state.withLock { $0.crashes } }
  var bytes: Int { state.withLock { $0.bytes } }
  var longestPayload: Int { state.withLock { $0.longestPayload } }

  private func take(_ message: MQTTMessage) async {
    let isAnswered = state.withLock { state in
      state.longestPayload = max(state.longestPayload, message.payload.count)
      state.bytes += message.payload.count
      return state.acknowledges
    }
    if let batch = try? JSONDecoder().decode(LogMessage.self, from: Data(message.payload)), batch.isTaken {
      let through = state.withLock { Self.store(batch, &$0) }
      if isAnswered { await answer(.init(log: .init(log: batch.log, through: through))) }
    } else if let report = CrashReport(json: message.payload), report.isTaken {
      state.withLock { $0.crashes.append(report) }
      if isAnswered { await answer(.init(crashes: [report.id])) }
    } else {
      state.withLock {
        $0.faults.append("neither a batch nor a crash: \(String(decoding: message.payload, as: UTF8.self))")
      }
    }
  }

  private static func store(_ batch: LogMessage, _ state: inout State) -> UInt64 {
    state.batches.append(batch)
    if state.stored[batch.log] == nil { state.order.append(batch.log) }
    var stored = state.stored[batch.log] ?? []
    let through = stored.last?.id ?? 0
    let first = batch.lines.first?.id ?? 0
    if first > through + 1, batch.lost ?? 0 < first - through - 1 {
      state.faults.append("lines \(through + 1) to \(first - 1) are missing, and nobody says so")
    }
    for line in batch.lines {
      if line.id > stored.last?.id ?? 0 {
        stored.append(line)
      } else if let known = stored.first(where: { $0.id == line.id }), known != line {
        state.faults.append("line \(line.id) is told as \(known.text) and as \(line.text)")
      }
    }
    state.stored[batch.log] = stored
    return stored.last?.id ?? 0
  }

  private func answer(_ message: AcknowledgementMessage) async {
    _ = try? await client.publish(topic: "/devices/\(device)/ack", payload: message.payload, qos: .atMostOnce)
  }
}
