import DeviceProtocol
import Foundations
import Logging
import Messaging
import Metrics
import Mosquitto
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Wire

/// Takes what devices report from the broker to the Registry, and tells them what is stored.
final class ReportIntake: Service {
  /// What it subscribes to. The subscriptions are shared by all replicas, so that each report reaches one of them.
  static let subjects: Set<DeviceTopic.Subject> = [.state, .presence]
  /// How many reports one request to the Registry may have.
  static let batchSize = 500
  /// How long one attempt at one batch may take.
  private static let deadline = Duration.seconds(5)

  private let connection: IntakeConnection
  private let lane: IntakeLane<ReportBuffer, WireReportOutcome>
  private let rejections: RejectionLog
  private let presenceInterval: Duration
  private let logger: Logger
  private let received = Tally(label: "notifier_reports_received_total")
  private let superseded = Counter(label: "notifier_reports_superseded_total")
  private let dropped = Counter(label: "notifier_reports_dropped_total")

  /// How reports are gathered and bounded.
  struct Options: Sendable {
    /// How long the first report of a batch waits for others, at most.
    var gatherTime: Duration
    /// Devices with a report waiting while the Registry is away; reports of further ones are dropped.
    var maximumDevices: Int
    /// How often the presences that the broker keeps are read again, in case one was missed.
    var presenceInterval: Duration
    /// The name of the group in which replicas share what devices say.
    var sharedGroup: String
  }

  /// - Parameters:
  ///   - client: options of the connection that reports come on.
  ///   - publisher: the connection that acknowledgements go out on.
  init(
    client: MQTTClientOptions, publisher: BrokerConnection, registry: any RPCCaller, rejections: RejectionLog,
    options: Options, logger: Logger
  ) throws(MQTTError) {
    connection = IntakeConnection(
      try BrokerConnection(options: client, purpose: "reports", logger: logger) { client in
        await Self.readPresences(client, logger)
      }, subjects: Self.subjects, group: options.sharedGroup)
    let acknowledgements = Acknowledgements(publisher: publisher, logger: logger)
    let settlement = ReportSettlement()
    lane = IntakeLane(
      ReportBuffer(maximumDevices: options.maximumDevices), waiting: Gauge(label: "notifier_reports_waiting"),
      bounds: BatchBounds(items: Self.batchSize, bytes: .max), gatherTime: options.gatherTime,
      recorder: Self.recorder(registry, logger)
    ) { answers in
      await acknowledgements.send(Self.messages(for: settlement.settled(answers)))
    }
    presenceInterval = options.presenceInterval
    self.logger = logger
    self.rejections = rejections
  }

  private static func recorder(
    _ registry: any RPCCaller, _ logger: Logger
  ) -> BatchRecorder<WireDeviceReport, WireReportOutcome> {
    BatchRecorder("report", plural: "reports", pace: .init(batchItems: batchSize), logger: logger) { report in
      DeviceID(bytes: report.deviceID)?.description ?? "?"
    } canStore: {
      await registry.canStore()
    } attempt: { reports in
      let request = WireRecordReports.with { $0.reports = reports }
      return try await registry.call(request, deadline: deadline).outcomes
    }
  }

  var broker: BrokerConnection { connection.broker }

  /// Brings the metric of what waits up to date.
  func recordFill() { lane.recordFill() }

  var isConnected: Bool { connection.broker.isConnected }
  var receivedReports: Int { received.value }
  var waitingReports: Int { lane.read(\.count) }
  var droppedReports: Int { lane.read(\.dropped) }

  func run() async throws {
    try await connection.run([lane]) {
      await self.readPresencesAgain()
    } take: {
      self.take($0)
    }
  }

  // MARK: from the broker

  /// Reads the presences that the broker keeps every now and then; each new connection reads them too.
  private func readPresencesAgain() async {
    while true {
      do {
        try await Task.sleep(for: presenceInterval)
      } catch {
        return
      }
      await Self.readPresences(connection.broker.client, logger)
    }
  }

  /// Reads the presences that the broker keeps: a shared subscription is not given them, so what changed while no
  /// replica was there is found out in this way only.
  private static func readPresences(_ client: MQTTClient, _ logger: Logger) async {
    let filter = DeviceTopic.Subject.presence.filterOfAllDevices
    do throws(MQTTError) {
      try await client.subscribe(to: filter, qos: .atMostOnce)
      // The broker sends them on subscribing; they come even though this ends at once.
      try await client.unsubscribe(from: filter)
    } catch {
      if error.code == .cancelled || error.code == .closed { return }
      logger.warning("the presences that the broker keeps can't be read", metadata: ["error": "\(error)"])
    }
  }

  private func take(_ message: MQTTMessage) {
    received.increment()
    do throws(RejectedReport) {
      let topic = try DeviceTopic(of: message.topic, among: Self.subjects)
      if topic.subject == .state {
        let state = try StatePayload(message.payload, trace: TraceContext(message.userProperties))
        note(state, of: topic.device)
        update { $0.add(state, of: topic.device) }
      } else if let presence = try Presence.read(message.payload) {
        // A kept "online" is no word of the device: after a crash of the broker it stays for ever, whoever died. Who is
        // there says so by its reports. A kept "offline" was true when it was said, and may have been missed.
        let isOnline = presence == .online
        if !(isOnline && message.retain) { update { $0.add(isOnline: isOnline, of: topic.device) } }
      }
    } catch {
      rejections.note(error, topic: message.topic)
    }
  }

  /// Says so in the log, as part of what the device reports about.
  private func note(_ state: StatePayload, of device: DeviceID) {
    guard logger.logLevel <= .debug else { return }
    TraceContext.$current.withValue(state.trace?.child()) {
      logger.debug(
        "report received",
        metadata: ["device": "\(device)", "version": "\(state.state.version)", "status": "\(state.state.status)"])
    }
  }

  private func update(_ change: (inout ReportBuffer) -> Void) {
    let (newlySuperseded, newlyDropped) = lane.update { buffer in
      let before = (buffer.superseded, buffer.dropped)
      change(&buffer)
      return (buffer.superseded - before.0, buffer.dropped - before.1)
    }
    if newlySuperseded > 0 { superseded.increment(by: newlySuperseded) }
    if newlyDropped > 0 { dropped.increment(by: newlyDropped) }
  }

  // MARK: to the devices

  private static func messages(
    for settled: [ReportSettlement.Settled]
  ) -> [(device: DeviceID, message: AcknowledgementMessage)] {
    let taken = Dictionary(grouping: settled.filter { $0.held == nil }, by: \.device)
    return taken.map { device, reports in
      (device, AcknowledgementMessage(reports: .init(sequences: reports.map(\.sequence))))
    }
      + settled.compactMap { report in
        // A message for each: what is held answers this one alone. Older agents are told to let it be.
        report.held.map { held in
          (report.device, AcknowledgementMessage(reports: .init(sequences: [report.sequence], held: held.message)))
        }
      }
  }
}
