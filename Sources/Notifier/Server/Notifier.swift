package import Logging
package import Messaging
import Mosquitto
import ServiceHTTP
package import ServiceKit
package import ServiceLifecycle
import Wire

/// One replica of the Notifier: three connections to the broker (and one for each operator who listens to an app), an
/// RPC server, and a client of the Registry.
///
/// It owns nothing durable. A notification stays a row of the Registry's outbox until its PUBACK is told, and a
/// report is repeated by its device until it is acknowledged, so a replica may die at any moment.
package struct Notifier: Sendable {
  /// What is to be run, in this order; each uses those before it.
  package let services: [any Service]
  /// The RPC server among the services.
  package let server: RPCServer
  /// Tells whether it has its broker and its Registry.
  package let readiness: Readiness

  /// - Parameters:
  ///   - isInsecure: whether the process was told to do without TLS.
  ///   - metrics: shown by the operations server.
  package init(
    _ settings: NotifierSettings, bus: Bus, isInsecure: Bool, metrics: MetricsRegistry, logger: Logger
  ) throws {
    let tls = try settings.tls.serverFiles(role: "notifier", isInsecure: isInsecure).map { files in
      MQTTTLS(caFile: files.roots, certificateFile: files.certificate, keyFile: files.key)
    }
    let password = try BrokerPassword(settings)
    let group = try password.sharedGroup()
    // Differs for each start: two replicas with one client ID would take the broker from each other for ever, and
    // there is no session worth coming back to.
    let instance = "notifier-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    let registry = RPCClient(
      name: "registry", endpoints: settings.registryEndpoints, transport: bus.transport(to: .registry), logger: logger)
    let publisher = try BrokerConnection(
      options: settings.brokerOptions(clientID: "\(instance)-publisher", password, tls), purpose: "publisher",
      logger: logger)
    let rejections = RejectionLog(logger: logger)
    let intake = try ReportIntake(
      client: settings.brokerOptions(clientID: "\(instance)-reports", password, tls), publisher: publisher,
      registry: registry, rejections: rejections,
      options: ReportIntake.Options(
        gatherTime: settings.reportGatherTime, maximumDevices: settings.reportDevices,
        presenceInterval: settings.presenceInterval, sharedGroup: group),
      logger: logger)
    let diagnostics = try DiagnosticIntake(
      client: settings.brokerOptions(clientID: "\(instance)-diagnostics", password, tls), publisher: publisher,
      registry: registry,
      rejections: rejections, sharedGroup: group, bufferBytes: settings.diagnosticBytes, logger: logger)
    let notifications = NotificationPublisher(
      broker: publisher, imageStores: ImageStoreURLs(settings.imageStoreURLs),
      acknowledgementTimeout: settings.acknowledgementTimeout, logger: logger)

    let readiness = Readiness()
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

    let expiry = ExpiryWatch(settings.tls.expirySources(isInsecure: isInsecure), logger: logger)
    expiry.register(on: readiness)

    var router = RPCRouter()
    let eviction = SessionEviction(broker: settings.brokerOptions(clientID: instance, password, tls))
    NotifierRequests(notifications: notifications, eviction: eviction, registry: registry).addHandlers(to: &router)
    let listeners = AppListeners(
      options: settings.brokerOptions(clientID: "\(instance)-apps", password, tls), logger: logger)
    AppMessenger(publisher: publisher, listeners: listeners, registry: registry).addHandlers(to: &router)
    StatusReporter(
      service: NotifierSettings.serviceName, readiness: readiness,
      addresses: { ["rpc": settings.rpcListen, "operations": "\(settings.operationsListen)"] },
      figures: {
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
    ).register(on: &router)
    let server = RPCServer(
      name: "notifier", listening: settings.rpcListen, router: router, transport: bus.transport, logger: logger)

    let operations = OperationsServer.make(
      name: NotifierSettings.serviceName, listen: settings.operationsListen, readiness: readiness, metrics: metrics,
      logger: logger)
    // Shut down in reverse order: readiness is told to the end, and the Registry is there for the last reports.
    services = [operations, expiry, registry, publisher, intake, diagnostics, listeners, server]
    self.server = server
    self.readiness = readiness
  }
}
