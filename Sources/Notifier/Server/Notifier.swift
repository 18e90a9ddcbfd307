import Logging
package import Messaging
import Metrics
import Mosquitto
import ServiceHTTP
import ServiceHosting
package import ServiceKit
package import ServiceLifecycle
import Wire

/// The Notifier put together: one replica, with three connections to the broker, an RPC server, and a client of the
/// Registry.
///
/// It owns nothing durable. A notification stays a row of the Registry's outbox until its PUBACK is told, and a report
/// is repeated by its device until it is acknowledged, so a replica may die at any moment.
package struct Notifier: HostedService {
  private let settings: NotifierSettings
  private let isInsecure: Bool
  private let registry: RPCClient
  private let publisher: BrokerConnection
  private let rejections: RejectionLog
  private let intake: ReportIntake
  private let diagnostics: DiagnosticIntake
  private let notifications: NotificationPublisher
  private let listeners: AppListeners
  private let eviction: SessionEviction

  package init(_ process: PreparedProcess<NotifierSettings>, bus: Bus) async throws {
    let logger = process.logger
    (settings, isInsecure) = (process.settings, process.process.isInsecure)
    let tls = try settings.tls.serverFiles(role: NotifierSettings.serviceName, isInsecure: isInsecure).map { files in
      MQTTTLS(caFile: files.roots, certificateFile: files.certificate, keyFile: files.key)
    }
    let password = try BrokerPassword(settings)
    let group = try password.sharedGroup()
    // Differs for each start: two replicas with one client ID would take the broker from each other for ever, and
    // there is no session worth coming back to.
    let instance = "notifier-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    registry = RPCClient(
      name: "registry", endpoints: settings.registryEndpoints, transport: bus.transport(to: .registry), logger: logger)
    publisher = try BrokerConnection(
      options: settings.brokerOptions(clientID: "\(instance)-publisher", password, tls), purpose: "publisher",
      logger: logger)
    rejections = RejectionLog(logger: logger)
    intake = try ReportIntake(
      client: settings.brokerOptions(clientID: "\(instance)-reports", password, tls), publisher: publisher,
      registry: registry, rejections: rejections,
      options: ReportIntake.Options(
        gatherTime: settings.reportGatherTime, maximumDevices: settings.reportDevices,
        presenceInterval: settings.presenceInterval, sharedGroup: group),
      logger: logger)
    diagnostics = try DiagnosticIntake(
      client: settings.brokerOptions(clientID: "\(instance)-diagnostics", password, tls), publisher: publisher,
      registry: registry,
      rejections: rejections, sharedGroup: group, bufferBytes: settings.diagnosticBytes, logger: logger)
    notifications = NotificationPublisher(
      broker: publisher, imageStores: ImageStoreURLs(settings.imageStoreURLs),
      acknowledgementTimeout: settings.acknowledgementTimeout, logger: logger)
    eviction = SessionEviction(broker: settings.brokerOptions(clientID: instance, password, tls))
    listeners = AppListeners(
      options: settings.brokerOptions(clientID: "\(instance)-apps", password, tls), logger: logger)
    addCollectors(to: process.metrics)
  }

  private func addCollectors(to registry: MetricsRegistry) {
    let figures = [publisher, intake.broker, diagnostics.broker].map(ConnectionFigures.init(of:))
    let listening = Gauge(label: "notifier_app_listeners")
    registry.addCollector("intake") { [intake, diagnostics] in
      intake.recordFill()
      diagnostics.recordFill()
    }
    registry.addCollector("broker") { [listeners] in
      for connection in figures { connection.record() }
      listening.record(listeners.count)
    }
  }

  package func addChecks(to readiness: Readiness) {
    readiness.add("broker") {
      guard publisher.isConnected, intake.isConnected, diagnostics.isConnected else {
        throw BrokerConnection.unavailable
      }
    }
    readiness.add("registry") {
      do throws(WireFailure) {
        // Not GetStatus: the Registry may ask for ours to answer it, and each would wait for the other.
        _ = try await registry.call(WireRecordReports(), deadline: .seconds(1))
      } catch {
        // Any answer shows that it is reachable; whether it is well is for its own readiness to tell.
        if [.unavailable, .deadlineExceeded].contains(error.code) { throw error }
      }
    }
  }

  package var expirySources: [ExpirySource] { settings.tls.expirySources(isInsecure: isInsecure) }

  /// Ended in reverse order: the Registry is there for the last reports.
  package var services: [any Service] { [registry, publisher, intake, diagnostics, listeners] }

  package func addHandlers(to router: inout RPCRouter) {
    NotifierRequests(notifications: notifications, eviction: eviction, registry: registry).addHandlers(to: &router)
    AppMessenger(publisher: publisher, listeners: listeners, registry: registry).addHandlers(to: &router)
  }

  package func figures() async throws -> [String: Double] {
    [
      "notifications.published": Double(notifications.publishedCount),
      "notifications.failed": Double(notifications.failedCount),
      "reports.received": Double(intake.receivedReports),
      "reports.waiting": Double(intake.waitingReports),
      "reports.dropped": Double(intake.droppedReports),
      "reports.rejected": Double(rejections.total),
      "apps.listeners": Double(listeners.count),
      "logs.received": Double(diagnostics.logs.receivedMessages),
      "logs.waiting": Double(diagnostics.logs.waitingMessages),
      "logs.dropped": Double(diagnostics.logs.droppedMessages),
      "crashes.received": Double(diagnostics.crashes.receivedMessages),
      "crashes.waiting": Double(diagnostics.crashes.waitingMessages),
      "crashes.dropped": Double(diagnostics.crashes.droppedMessages),
    ]
  }
}
