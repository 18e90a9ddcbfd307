import DeviceProtocol
import Foundations
import Logging
import Messaging
import Mosquitto
import ServiceLifecycle
import SwiftProtobuf
import Wire

/// Takes devices' log lines and crash reports from the broker to the Registry, and tells them what is stored.
///
/// They come on a connection of their own and have their own requests: however much devices have to say, reports of
/// what they run pass by.
final class DiagnosticIntake: Service {
  /// What it subscribes to. The subscriptions are shared by all replicas, so that each message reaches one of them.
  static let subjects: Set<DeviceTopic.Subject> = [.log, .crash]
  /// How long one attempt at one batch may take.
  private static let deadline = Duration.seconds(10)

  /// The Registry's word for lines whose IDs another run of the device's agent used.
  private static let idsUsedAgain = "ids-used-again"

  let logs: DiagnosticLane<WireDeviceLogBatch, WireLogOutcome>
  let crashes: DiagnosticLane<WireCrashReport, WireCrashOutcome>
  private let connection: IntakeConnection
  private let rejections: RejectionLog

  /// - Parameters:
  ///   - client: options of the connection that they come on.
  ///   - publisher: the connection that acknowledgements go out on.
  ///   - sharedGroup: in which replicas share what devices say.
  ///   - bufferBytes: of logs, and again of crashes, that wait while the Registry is away.
  init(
    client: MQTTClientOptions, publisher: BrokerConnection, registry: any RPCCaller, rejections: RejectionLog,
    sharedGroup: String, bufferBytes: Int, logger: Logger
  ) throws(MQTTError) {
    connection = IntakeConnection(
      try BrokerConnection(options: client, purpose: "diagnostics", logger: logger), subjects: Self.subjects,
      group: sharedGroup)
    self.rejections = rejections
    let acknowledgements = Acknowledgements(publisher: publisher, logger: logger)
    // A device sends its next lines when these are acknowledged.
    logs = DiagnosticLane(
      "log", plural: "logs",
      options: .init(bufferBytes: bufferBytes, itemsPerDevice: 1, batch: .init(items: 500, bytes: 1 << 20)),
      registry: registry, logger: logger
    ) { batches in
      let request = WireRecordLogs.with { $0.batches = batches.map(\.content) }
      return try await registry.call(request, deadline: Self.deadline).outcomes
    } settle: { answers in
      await acknowledgements.send(
        answers.compactMap { item, outcome in
          var position = AcknowledgementMessage.LogPosition(
            log: item.content.logID, through: outcome.storedThrough)
          if outcome.reason == Self.idsUsedAgain {
            // Which run this answers: the one after it uses other IDs.
            position.reused = RandomName.text(item.content.run)
          } else if outcome.storedThrough < item.content.lines.first?.id ?? 0 {
            // Nothing of it is stored, nor refused for good.
            return nil
          }
          return (item.device, AcknowledgementMessage(log: position))
        })
    }
    crashes = DiagnosticLane(
      "crash", plural: "crashes",
      options: .init(bufferBytes: bufferBytes, itemsPerDevice: 20, batch: .init(items: 100, bytes: 1 << 20)),
      registry: registry, logger: logger
    ) { reports in
      let request = WireRecordCrashes.with { $0.reports = reports.map(\.content) }
      return try await registry.call(request, deadline: Self.deadline).outcomes
    } settle: { answers in
      let settled = Dictionary(grouping: answers.filter(\.outcome.settled), by: \.item.device)
      await acknowledgements.send(
        settled.map { device, answers in
          let ids = answers.map { Hexadecimal.encode($0.item.content.id) }
          return (device, AcknowledgementMessage(crashes: ids))
        })
    }
  }

  var broker: BrokerConnection { connection.broker }

  /// Brings the metrics of what waits up to date.
  func recordFill() {
    logs.lane.recordFill()
    crashes.lane.recordFill()
  }

  var isConnected: Bool { connection.broker.isConnected }

  func run() async throws {
    try await connection.run([logs.lane, crashes.lane]) { self.take($0) }
  }

  private func take(_ message: MQTTMessage) {
    do throws(RejectedReport) {
      let topic = try DeviceTopic(of: message.topic, among: Self.subjects)
      let size = message.payload.count
      if topic.subject == .log {
        let batch = try LogPayload.batch(message.payload, of: topic.device)
        let key = "\(batch.logID)-\(batch.lines.first?.id ?? 0)-\(batch.lines.count)"
        logs.add(.init(device: topic.device, key: key, sizeBytes: size, content: batch))
      } else {
        let report = try CrashPayload.report(message.payload, of: topic.device)
        crashes.add(
          .init(device: topic.device, key: Hexadecimal.encode(report.id), sizeBytes: size, content: report))
      }
    } catch {
      rejections.note(error, topic: message.topic)
    }
  }
}
