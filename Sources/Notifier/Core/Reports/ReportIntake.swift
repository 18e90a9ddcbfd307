import DeviceProtocol
import Logging
import Messaging
import Mosquitto
import ServiceLifecycle
import Wire

/// Takes what devices report from the broker to the Registry, and tells them what is stored.
final class ReportIntake: Service {
  /// Shared by all replicas, so that each report reaches one of them.
  static let subjects: Set<DeviceTopic.Subject> = [.state, .presence]
  /// Reports in one request to the Registry.
  static let batchSize = 500

  private let broker: BrokerConnection
  private let acknowledgements: Acknowledgements
  private let queue: ReportQueue
  private let recorder: ReportRecorder
  private let rejections: RejectionLog
  private let options: Options
  private let logger: Logger
  private let received = Tally(label: "notifier_reports_received_total")

  struct Options: Sendable {
    /// How long the first report of a batch waits for others, at most.
    var gatherTime: Duration
    /// Devices with a report waiting while the Registry is away; reports of further ones are dropped.
    var maximumDevices: Int
    /// How often the presences that the broker keeps are read again, in case one was missed.
    var presenceInterval: Duration
    /// In which replicas share what devices say.
    var sharedGroup: String
    /// For the last batches after graceful shutdown began.
    var drainTime: Duration = .seconds(5)
  }

  private var sharedFilters: [String] { BrokerPassword.shared(Self.subjects, in: options.sharedGroup) }

  /// - Parameters:
  ///   - client: options of the connection that reports come on.
  ///   - publisher: the connection that acknowledgements go out on.
  init(
    client: MQTTClientOptions, publisher: BrokerConnection, registry: any RPCCaller, rejections: RejectionLog,
    options: Options, logger: Logger
  ) throws(MQTTError) {
    broker = try BrokerConnection(options: client, purpose: "reports", logger: logger) { client in
      await Self.readPresences(client, logger)
    }
    acknowledgements = Acknowledgements(publisher: publisher, logger: logger)
    self.options = options
    self.logger = logger
    queue = ReportQueue(maximumDevices: options.maximumDevices)
    recorder = ReportRecorder(registry: registry, logger: logger)
    self.rejections = rejections
  }

  var isConnected: Bool { broker.isConnected }
  var receivedReports: Int { received.value }
  var waitingReports: Int { queue.count }
  var droppedReports: Int { queue.droppedReports }

  func run() async throws {
    try broker.client.start()
    await withTaskGroup { recording in
      recording.addTask { await self.recordReports() }
      await self.takeReportsUntilShutdown()
      self.queue.finish()
      // Devices repeat what can't be recorded in time.
      recording.addTask { try? await Task.sleep(for: self.options.drainTime) }
      await recording.next()
      recording.cancelAll()
    }
  }

  private func takeReportsUntilShutdown() async {
    await withTaskGroup { group in
      group.addTask { await self.broker.follow() }
      group.addTask { await self.takeMessages() }
      await withTaskGroup { subscribing in
        subscribing.addTask { await self.broker.subscribe(to: self.sharedFilters) }
        subscribing.addTask { await self.readPresencesAgain() }
        try? await gracefulShutdown()
        subscribing.cancelAll()
      }
      // No new reports: the broker gives them to other replicas from here on. It ends the first two tasks too.
      await self.broker.client.close()
    }
  }

  // MARK: from the broker

  /// Once in a while; each new connection reads them too.
  private func readPresencesAgain() async {
    while true {
      do {
        try await Task.sleep(for: options.presenceInterval)
      } catch {
        return
      }
      await Self.readPresences(broker.client, logger)
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
      logger.warning("The presences that the broker keeps can't be read", metadata: ["error": "\(error)"])
    }
  }

  private func takeMessages() async {
    for await message in broker.client.messages {
      received.increment()
      do throws(RejectedReport) {
        let topic = try DeviceTopic(of: message.topic, among: Self.subjects)
        if topic.subject == .state {
          queue.add(try StatePayload(message.payload), of: topic.device)
        } else if let presence = try Presence.read(message.payload) {
          // A kept "online" is no word of the device: after a crash of the broker it stays for ever, whoever died. Who is
          // there says so by its reports. A kept "offline" was true when it was said, and may have been missed.
          let isOnline = presence == .online
          if !(isOnline && message.retain) { queue.add(isOnline: isOnline, of: topic.device) }
        }
      } catch {
        rejections.note(error, topic: message.topic)
      }
    }
  }

  // MARK: to the Registry

  private func recordReports() async {
    while await queue.waitForReports(), !Task.isCancelled {
      // While one batch is recorded the next gathers by itself; this is for the first after a silence.
      if queue.count < Self.batchSize { try? await Task.sleep(for: options.gatherTime) }
      await recorder.record(queue.take(Self.batchSize)) { await acknowledge($0) }
    }
  }

  private func acknowledge(_ settled: [ReportRecorder.Settled]) async {
    let taken = Dictionary(grouping: settled.filter { $0.held == nil }, by: \.device)
    await acknowledgements.send(
      taken.map { device, reports in
        (device, AcknowledgementMessage(reports: .init(sequences: reports.map(\.sequence))))
      }
        + settled.compactMap { report in
          // A message for each: what is held answers this one alone. Older agents are told to let it be.
          report.held.map { held in
            (report.device, AcknowledgementMessage(reports: .init(sequences: [report.sequence], held: held.message)))
          }
        })
  }
}
