import FoundationEssentials
import Foundations
package import Logging
package import Messaging
package import RegistryAuthority
package import RegistryDomain
import RegistryMessages
package import RegistryStorage
import SwiftProtobuf
import Wire

/// What the Registry answers on the bus.
package struct RegistryRPC: Sendable {
  /// How many reports one request may have: a batch is one transaction, and holds its locks.
  static let maximumReports = 1000
  /// How many devices one request may make, for the same reason.
  static let maximumDevices = 500

  let store: RegistryStore
  let authority: RequestAuthority
  /// Who brings messages to apps; nil where nobody does.
  let notifier: (any RPCCaller)?
  let claims = ClaimBudget()
  private let strangers = StrangerNotes()
  private let logger: Logger
  let provisioner: (any CertificateProvider)?

  /// - Parameters:
  ///   - notifier: brings messages to apps; nil where nobody does.
  ///   - provisioner: gives devices back what was taken from them; nil where they have no certificates.
  package init(
    store: RegistryStore, authority: RequestAuthority, notifier: (any RPCCaller)? = nil,
    provisioner: (any CertificateProvider)? = nil, logger: Logger
  ) {
    self.provisioner = provisioner
    self.store = store
    self.authority = authority
    self.notifier = notifier
    self.logger = logger
  }

  /// Registers everything that the Registry answers; who may ask for what is said beside the messages, in their
  /// protocol.
  package func addHandlers(to router: inout RPCRouter) {
    addDeviceHandlers(to: &router)
    addFirmwareHandlers(to: &router)
    addTelemetryHandlers(to: &router)
    addOperatorHandlers(to: &router)
    addTrustHandlers(to: &router)
    addAppHandlers(to: &router)
    router.handle(WireListEvents.self) { request, _ in try await listEvents(request) }
    router.handle(WireRecordPolledStatus.self) { request, _ in
      try await store.recordPolled(
        request.status, version: request.version, reason: request.reason, of: DeviceID(checking: request.deviceID))
      return WireRecordPolledStatusResponse()
    }
    router.handle(WireRecordReports.self) { request, _ in try await record(request) }
  }

  private func addDeviceHandlers(to router: inout RPCRouter) {
    router.handle(WireCreateDevice.self) { request, context in
      let new = try NewDevice(
        id: DeviceID.optional(checking: request.id), name: request.name, tags: request.tags,
        serial: FieldRules.newSerial(request.serial))
      return WireDevice(try await store.createDevice(new, by: context.requester()).device)
    }
    router.handle(WireCreateDevices.self) { request, context in
      try await createDevices(request, by: context.requester())
    }
    router.handle(WireGetDevice.self) { request, _ in
      WireDevice(try await store.device(DeviceID(checking: request.id)))
    }
    router.handle(WireListDevices.self) { request, _ in try await listDevices(request) }
    router.handle(WireFindDevices.self) { request, _ in try await findDevices(request) }
    router.handle(WireUpdateDevice.self) { request, context in
      WireDevice(
        try await store.updateDevice(
          DeviceID(checking: request.id), name: request.hasName ? request.name : nil,
          tags: request.hasTags ? request.tags.tags : nil,
          ifRevision: request.revision == 0 ? nil : Int64(clamping: request.revision), by: context.requester()))
    }
    router.handle(WireDeleteDevice.self) { request, context in
      try await store.deleteDevice(DeviceID(checking: request.id), by: context.requester())
      return WireDeleteDeviceResponse()
    }
    router.handle(WireRenotifyDevice.self) { request, context in
      var response = WireRenotifyDeviceResponse()
      response.version = try await store.renotify(
        DeviceID(checking: request.deviceID), by: context.requester(request.hasRequester ? request.requester : nil))
      return response
    }
  }

  private func addFirmwareHandlers(to router: inout RPCRouter) {
    addAssignmentHandlers(to: &router)
    router.handle(WireFindFirmware.self) { request, _ in
      WireFirmware(
        try await store.firmware(
          of: DeviceID(checking: request.deviceID), version: request.version == 0 ? nil : request.version))
    }
    router.handle(WireGetDeploymentTrace.self) { request, _ in
      WireDeploymentTrace(
        try await store.timeline(
          of: DeviceID(checking: request.deviceID), version: request.version == 0 ? nil : request.version))
    }
    router.handle(WireRetryFirmware.self) { request, context in
      var response = WireRetryFirmwareResponse()
      response.version = try await store.retryFirmware(
        of: DeviceID(checking: request.deviceID), by: context.requester())
      return response
    }
    router.handle(WireRollBackFirmware.self) { request, context in
      let (version, earlier) = try await store.rollBackFirmware(
        of: DeviceID(checking: request.deviceID), to: request.version == 0 ? nil : request.version,
        key: request.idempotencyKey, by: context.requester())
      return WireRollBackFirmwareResponse.with {
        $0.version = version
        $0.imageOf = earlier
      }
    }
    router.handle(WireListFirmware.self) { request, _ in
      let page = try await store.firmware(
        of: DeviceID(checking: request.deviceID), before: request.beforeVersion == 0 ? nil : request.beforeVersion,
        limit: FieldRules.pageSize(request.pageSize))
      var response = WireListFirmwareResponse()
      response.firmware = page.items.map { WireFirmware($0) }
      response.nextBeforeVersion = page.next ?? 0
      return response
    }
  }

  /// A device that can't be made spoils none of the others.
  private func createDevices(
    _ request: WireCreateDevices, by requester: Requester
  ) async throws -> WireCreateDevicesResponse {
    guard request.devices.count <= Self.maximumDevices else {
      throw RequestFailure(
        field: "devices", "has \(request.devices.count) entries: send at most \(Self.maximumDevices) at once")
    }
    var valid: [NewDevice] = []
    var refusals: [Data: RequestFailure] = [:]
    for device in request.devices {
      do throws(RequestFailure) {
        valid.append(
          try NewDevice(
            id: DeviceID(checking: device.id), name: device.name, tags: device.tags, serial: device.serial))
      } catch {
        refusals[device.id] = error
      }
    }
    let failures = try await store.createDevices(valid, by: requester)
    var response = WireCreateDevicesResponse()
    response.outcomes = request.devices.map { device in
      var outcome = WireCreateDeviceOutcome()
      outcome.id = device.id
      if let failure = refusals[device.id] ?? DeviceID(bytes: device.id).flatMap({ failures[$0] }) {
        outcome.reason = failure.reason
        outcome.message = failure.message
      }
      return outcome
    }
    return response
  }

  private func listDevices(_ request: WireListDevices) async throws -> WireListDevicesResponse {
    let page = try await store.devices(
      DeviceFilter(
        namePrefix: request.namePrefix, tags: [request.tag] + request.tags, state: request.state,
        health: request.health),
      after: request.cursor.isEmpty ? nil : DeviceCursor(request.cursor),
      limit: FieldRules.pageSize(request.pageSize))
    var response = WireListDevicesResponse()
    response.devices = page.items.map { WireDevice($0) }
    response.nextCursor = page.next?.text ?? ""
    return response
  }

  private func findDevices(_ request: WireFindDevices) async throws -> WireFoundDevices {
    let limit = try FieldRules.pageSize(request.limit, default: 10, maximum: RegistryStore.maximumFound)
    let found =
      request.forCompletion
      ? try await store.devices(beginning: request.text, limit: limit)
      : try await store.devices(meantBy: request.text, limit: limit)
    return WireFoundDevices.with {
      $0.devices = found.devices.map { device in
        WireFoundDevice.with {
          $0.id = Data(device.id.bytes)
          $0.name = device.name
        }
      }
      $0.more = found.hasMore
    }
  }

  private func listEvents(_ request: WireListEvents) async throws -> WireListEventsResponse {
    let order: EventOrder =
      request.newestFirst ? .before(request.beforeID == 0 ? nil : request.beforeID) : .after(request.afterID)
    let events = try await store.events(
      of: DeviceID.optional(checking: request.deviceID), order, limit: FieldRules.pageSize(request.pageSize))
    var response = WireListEventsResponse()
    response.events = events.map { WireEvent($0) }
    return response
  }

  /// A report whose form is wrong spoils none of the others.
  private func record(_ request: WireRecordReports) async throws -> WireRecordReportsResponse {
    guard request.reports.count <= Self.maximumReports else {
      throw RequestFailure(
        field: "reports", "has \(request.reports.count) entries: send at most \(Self.maximumReports) at once")
    }
    var verdicts: [ReportVerdict?] = []
    var valid: [ReceivedReport] = []
    for report in request.reports {
      do throws(RequestFailure) {
        valid.append(try ReceivedReport(report))
        verdicts.append(nil)
      } catch {
        logRefusal("report refused", of: report.deviceID, error)
        verdicts.append(.invalid(error.message))
      }
    }
    var stored = try await store.record(valid)[...]
    noteStrangers(zip(valid, stored).filter { $1 == .unknownDevice }.map(\.0.device))
    var response = WireRecordReportsResponse()
    response.outcomes = zip(request.reports, verdicts).map { report, refusal in
      WireReportOutcome(refusal ?? stored.removeFirst(), of: report)
    }
    for (report, outcome) in zip(request.reports, response.outcomes) where outcome.stored {
      note(report)
      DeviceSpans.record(of: report)
    }
    await noteRuns(of: zip(request.reports, response.outcomes).filter { $1.stored }.map(\.0))
    return response
  }

  /// Says so in the log, as part of what the device reports about.
  private func note(_ report: WireDeviceReport) {
    guard logger.logLevel <= .debug, let trace = TraceContext(report.traceParent, requestID: report.requestID) else {
      return
    }
    TraceContext.$current.withValue(trace.child()) {
      logger.debug(
        "report recorded",
        metadata: [
          "device": "\(DeviceID(bytes: report.deviceID)?.description ?? "?")", "version": "\(report.state.version)",
          "status": "\(report.state.status)",
        ])
    }
  }

  /// The reports are stored; who speaks for a device is looked at beside them.
  ///
  /// - Parameter reports: those that were newer than all before them.
  private func noteRuns(of reports: [WireDeviceReport]) async {
    var runs: [DeviceID: String] = [:]
    for report in reports where report.run.count == Self.runBytes {
      if let device = DeviceID(bytes: report.deviceID) { runs[device] = Hexadecimal.encode(report.run) }
    }
    do {
      try await store.note(runs)
    } catch {
      // The next report says it again.
      logger.warning("not looked whether devices have doubles", metadata: ["error": "\(error)"])
    }
  }

  /// Logs that devices report which are not known here. They are answered as if all were well, since no repeat makes
  /// them known, so somebody has to see them here.
  private func noteStrangers(_ devices: [DeviceID]) {
    for device in strangers.add(devices) {
      logger.warning(
        "a device that is not known here reports: after a restore make it again with its ID, else revoke its certificate",
        metadata: ["device": "\(device)"])
    }
  }

  private static let runBytes = 8

  /// Logs that one of a batch's messages has a wrong form.
  func logRefusal(_ message: Logger.Message, of device: Data, _ error: RequestFailure) {
    logger.warning(
      message, metadata: ["device": "\(DeviceID(bytes: device)?.description ?? "?")", "error": "\(error)"])
  }
}
