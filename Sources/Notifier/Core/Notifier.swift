package import Logging
package import Messaging
import Mosquitto
package import ServiceKit
package import ServiceLifecycle
import SwiftProtobuf
import Wire

/// One replica: two connections to the broker, an RPC server, and a client of the Registry.
///
/// It owns nothing durable. A notification stays a row of the Registry's outbox until its PUBACK is told, and a report
/// is repeated by its device until it is acknowledged, so a replica may die at any moment.
package struct Notifier: Sendable {
  /// To be run in this order; each uses those before it.
  package let services: [any Service]
  /// The RPC server among them.
  package let server: RPCServer
  package let readiness: Readiness

  /// - Parameters:
  ///   - registry: the Registry; nil to connect to the settings' endpoints.
  package init(_ settings: NotifierSettings, registry: (any RPCCaller)? = nil, logger: Logger) throws {
    // Differs for each start: two replicas with one client ID would take the broker from each other for ever, and
    // there is no session worth coming back to.
    let instance = "notifier-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    var services: [any Service] = []

    let registryCaller: any RPCCaller
    if let registry {
      registryCaller = registry
    } else {
      let client = RPCClient(name: "registry", endpoints: settings.registryEndpoints, logger: logger)
      services.append(client)
      registryCaller = client
    }

    let publisher = try BrokerConnection(
      options: settings.brokerOptions(clientID: "\(instance)-publisher"), purpose: "publisher", logger: logger)
    let intake = try ReportIntake(
      client: settings.brokerOptions(clientID: "\(instance)-reports"), publisher: publisher,
      registry: registryCaller,
      options: ReportIntake.Options(
        gatherTime: settings.reportGatherTime, maximumDevices: settings.reportDevices,
        presenceInterval: settings.presenceInterval),
      logger: logger)
    let notifications = NotificationPublisher(
      broker: publisher, imageStores: ImageStoreURLs(settings.imageStoreURLs),
      acknowledgementTimeout: settings.acknowledgementTimeout)

    let readiness = Readiness()
    readiness.add("broker") {
      guard publisher.isConnected, intake.isConnected else { throw NotificationPublisher.unavailable }
    }
    readiness.add("registry") {
      do throws(WireFailure) {
        // Not GetStatus: the Registry may ask for ours to answer it, and each would wait for the other.
        _ = try await registryCaller.call(WireRecordReports(), deadline: .seconds(1))
      } catch {
        // Any answer shows that it is reachable; whether it is well is for its own readiness to tell.
        if [.unavailable, .deadlineExceeded].contains(error.code) { throw error }
      }
    }

    var router = RPCRouter()
    router.handle(WireNotify.self) { request, context in
      try await notifications.notify(request, deadline: context.deadline)
    }
    router.handle(WireResendNotification.self) { request, context in
      let renotify = WireRenotifyDevice.with { $0.deviceID = request.deviceID }
      let answer = try await registryCaller.call(renotify, deadline: context.remaining * 0.9)
      return WireResendNotificationResponse.with { $0.version = answer.version }
    }
    let status = NotifierStatus(
      instance: instance, settings: settings, readiness: readiness, intake: intake, notifications: notifications)
    router.handle(WireGetStatus.self) { _, _ in await status.report() }
    let server = RPCServer(name: "notifier", listening: settings.rpcListen, router: router, logger: logger)

    self.services = services + [publisher, intake, server]
    self.server = server
    self.readiness = readiness
  }
}

extension NotifierSettings {
  fileprivate func brokerOptions(clientID: String) -> MQTTClientOptions {
    var options = MQTTClientOptions(host: brokerHost, port: UInt16(clamping: brokerPort), clientID: clientID)
    options.username = brokerUsername
    options.password = brokerPassword
    // The broker takes a silent replica for dead after one and a half of it, and gives its reports to others.
    options.keepAliveSeconds = 5
    options.maximumQueued = 16_384
    options.reconnectMaximumDelay = .seconds(2)
    return options
  }
}
