import Foundations
package import Messaging
package import ServiceHTTP
package import ServiceKit
package import ServiceLifecycle
import TraceExport

/// A service and what every service has around it, in the order in which they start.
package struct HostedParts<Hosted: HostedService>: Sendable {
  /// To be run in this order, and ended in reverse.
  package let services: [any Service]
  /// Whether it can do its work now.
  package let readiness: Readiness
  /// Its server on the bus.
  package let rpc: RPCServer
  /// Its HTTP server, if it has one.
  package let http: HTTPService?
  private let hosted: Hosted
  private let process: PreparedProcess<Hosted.Settings>

  /// Puts them together. Nothing listens before `services` run.
  package init(_ process: PreparedProcess<Hosted.Settings>) async throws {
    let (settings, name, logger) = (process.settings, Hosted.Settings.serviceName, process.logger)
    let bus = try process.openBus()
    let exporter = try SpanExporter(
      process.traces, service: name, instance: bus.identity.map { "\($0)" } ?? name, logger: logger)
    if let exporter { SpanRecording.use(exporter) }
    let hosted = try await Hosted(process, bus: bus)

    let readiness = Readiness()
    hosted.addChecks(to: readiness)
    let expiry = ExpiryWatch(hosted.expirySources, logger: logger)
    expiry.register(on: readiness)
    var watches: [any Service] = [expiry]
    if !hosted.writtenFolders.isEmpty {
      let disk = DiskWatch(
        hosted.writtenFolders, minimumBytes: process.process.diskMinimumBytes, logger: logger)
      disk.register(on: readiness)
      watches.append(disk)
    }

    let operations = OperationsServer.make(
      name: name, listen: settings.operationsListen, readiness: readiness, metrics: process.metrics, logger: logger)
    let http = hosted.http
    var router = RPCRouter()
    hosted.addHandlers(to: &router)
    StatusReporter(
      service: name, readiness: readiness,
      // By now known, even where any free port was asked for.
      addresses: {
        var addresses = ["rpc": settings.rpcListen, "operations": "\(await operations.address)"]
        if let http { addresses["http"] = "\(await http.address)" }
        return addresses
      },
      figures: { try await hosted.figures() }
    ).register(on: &router)
    let rpc = RPCServer(
      name: name, listening: settings.rpcListen, router: router, transport: bus.transport,
      onDenial: { hosted.noteDenial(of: $0, kind: $1) }, logger: logger)
    process.metrics.addCollector("bus") { rpc.recordLoad() }
    ReadinessGauges().keep(readiness, in: process.metrics)

    let work: [any Service] = hosted.services + [rpc] + (http.map { [$0] } ?? [])
    services =
      [operations] + (exporter.map { [$0] } ?? []) + watches + [
        PreparedServices(work, logger: logger) { try await hosted.prepare() }
      ]
    self.readiness = readiness
    self.rpc = rpc
    self.http = http
    self.hosted = hosted
    self.process = process
  }

  /// Runs everything until one fails or a signal asks for the end; see `HostedService` for the order.
  ///
  /// - Throws: what the first service threw that failed.
  package func run() async throws {
    try await ServiceHost.run(
      name: Hosted.Settings.serviceName, logger: process.logger, services: services, readiness: readiness,
      shutdownDelay: process.process.shutdownDelay, shutdownTimeout: process.process.shutdownTimeout,
      leave: {
        http?.leave()
        rpc.leave()
      }, close: { await hosted.close() })
  }
}

extension HostedService {
  /// Puts the service together and runs it until a signal asks for the end.
  package static func run(_ process: PreparedProcess<Settings>) async throws {
    try await HostedParts<Self>(process).run()
  }
}
