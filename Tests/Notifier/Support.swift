import Foundation
import Foundations
import Logging
import Messaging
import Mosquitto
import ServiceHosting
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Synchronization
import TestSupport
import Wire

@testable import NotifierServer

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A Registry that answers over ZeroMQ what the test wants, and can be killed and started again on its port.
final class ScriptedRegistry: Sendable {
  private struct State {
    var reports: [WireDeviceReport] = []
    var batches: [Int] = []
    var failure: WireFailure?
    var unreadable: Set<Data> = []
    var lines: [String: [WireDeviceLogLine]] = [:]
    var logBatches: [WireDeviceLogBatch] = []
    var crashes: [WireCrashReport] = []
    var audit: [WireAuditEntry] = []
    var diagnosticFailure: WireFailure?
    /// Answered to every batch and report.
    var refusal = ""
    var settlesCrashes = true
    var task: Task<Void, any Error>?
  }

  let port: FreePort
  private let state = Mutex(State())

  init(started: Bool = true) async throws {
    port = try FreePort()
    if started { try await start() }
  }

  var endpoint: String { "tcp://127.0.0.1:\(port.number)" }
  var reports: [WireDeviceReport] { state.withLock { $0.reports } }
  var batches: [Int] { state.withLock { $0.batches } }

  /// Of one device's log, each once.
  func lines(of device: DeviceID, log: String) -> [WireDeviceLogLine] {
    state.withLock { $0.lines[Data(device.bytes).base64EncodedString() + log] ?? [] }
  }

  var logBatches: [WireDeviceLogBatch] { state.withLock { $0.logBatches } }
  var crashes: [WireCrashReport] { state.withLock { $0.crashes } }

  var audit: [WireAuditEntry] { state.withLock { $0.audit } }

  /// Every RecordLogs and RecordCrashes is answered so from here on; nil: they are stored.
  func failDiagnostics(_ failure: WireFailure?) { state.withLock { $0.diagnosticFailure = failure } }

  /// Batches and reports are refused for good with this reason.
  func refuseDiagnostics(_ reason: String) { state.withLock { $0.refusal = reason } }

  func settleCrashes(_ settles: Bool) { state.withLock { $0.settlesCrashes = settles } }

  /// Every RecordReports is answered so from here on; nil: they are stored.
  func fail(_ failure: WireFailure?) { state.withLock { $0.failure = failure } }

  /// A batch with a report of this device is refused as a whole.
  func refuseBatches(with device: DeviceID) { _ = state.withLock { $0.unreadable.insert(Data(device.bytes)) } }

  func start() async throws {
    var router = RPCRouter()
    router.handle(WireRecordReports.self) { request, _ in try self.record(request) }
    router.handle(WireRecordLogs.self) { request, _ in try self.record(request) }
    router.handle(WireRecordCrashes.self) { request, _ in try self.record(request) }
    router.handle(WireRenotifyDevice.self) { request, _ in
      guard request.deviceID.first != 0 else {
        throw WireFailure(.notFound, reason: "unknown-device", message: "no such device")
      }
      return WireRenotifyDeviceResponse.with { $0.version = 42 }
    }
    router.handle(WireRecordAudit.self) { request, _ in
      self.state.withLock { $0.audit.append(request.entry) }
      return WireRecordAuditResponse()
    }
    let server = RPCServer(name: "registry", listening: endpoint, router: router, logger: silent)
    let task = Task { try await server.run() }
    state.withLock { $0.task = task }
    _ = try await server.boundAddress()
  }

  func stop() async {
    let task = state.withLock { state in
      defer { state.task = nil }
      return state.task
    }
    task?.cancel()
    _ = await task?.result
  }

  private func record(_ request: WireRecordLogs) throws -> WireRecordLogsResponse {
    try state.withLock { state in
      if let failure = state.diagnosticFailure { throw failure }
      try Self.check(request.batches.map(\.deviceID), state)
      state.logBatches += request.batches
      return WireRecordLogsResponse.with { response in
        response.outcomes = request.batches.map { batch in
          let key = batch.deviceID.base64EncodedString() + batch.logID
          var lines = state.lines[key] ?? []
          if state.refusal.isEmpty {
            for line in batch.lines where line.id > lines.last?.id ?? 0 { lines.append(line) }
            state.lines[key] = lines
          }
          return WireLogOutcome.with {
            $0.deviceID = batch.deviceID
            $0.logID = batch.logID
            $0.storedThrough = batch.lines.last?.id ?? 0
            $0.reason = state.refusal
          }
        }
      }
    }
  }

  private func record(_ request: WireRecordCrashes) throws -> WireRecordCrashesResponse {
    try state.withLock { state in
      if let failure = state.diagnosticFailure { throw failure }
      try Self.check(request.reports.map(\.deviceID), state)
      state.crashes += request.reports
      return WireRecordCrashesResponse.with { response in
        response.outcomes = request.reports.map { report in
          WireCrashOutcome.with {
            $0.deviceID = report.deviceID
            $0.id = report.id
            $0.settled = state.settlesCrashes
            $0.reason = state.refusal
          }
        }
      }
    }
  }

  private static func check(_ devices: [Data], _ state: State) throws {
    guard devices.allSatisfy({ !state.unreadable.contains($0) }) else {
      throw WireFailure(.invalid, reason: "invalid", message: "something can't be read")
    }
  }

  private func record(_ request: WireRecordReports) throws -> WireRecordReportsResponse {
    try state.withLock { state in
      if request.reports.isEmpty { return WireRecordReportsResponse() }
      if let failure = state.failure { throw failure }
      if request.reports.contains(where: { state.unreadable.contains($0.deviceID) }) {
        throw WireFailure(.invalid, reason: "invalid-report", message: "a report can't be read")
      }
      state.reports += request.reports
      state.batches.append(request.reports.count)
      return WireRecordReportsResponse.with { response in
        response.outcomes = request.reports.map { report in
          WireReportOutcome.with {
            $0.deviceID = report.deviceID
            $0.sequence = report.sequence
            $0.stored = true
          }
        }
      }
    }
  }
}

/// A notifier in this process, with a client of its own RPC.
final class Replica: Sendable {
  let endpoint: String
  let readiness: Readiness
  private let group: ServiceGroup
  private let task: Task<Void, any Error>

  private init(endpoint: String, readiness: Readiness, group: ServiceGroup, task: Task<Void, any Error>) {
    self.endpoint = endpoint
    self.readiness = readiness
    self.group = group
    self.task = task
  }

  static func start(
    broker: MosquittoServer, registry: ScriptedRegistry, _ more: [String: String] = [:]
  ) async throws -> Replica {
    var environment = [
      "XTBLISH_NOTIFIER_RPC_LISTEN": "tcp://127.0.0.1:0", "XTBLISH_NOTIFIER_OPERATIONS_LISTEN": "127.0.0.1:0",
      "XTBLISH_MQTT_HOST": broker.host,
      "XTBLISH_MQTT_PORT": "\(broker.port)", "XTBLISH_REGISTRY_ENDPOINTS": registry.endpoint,
      "XTBLISH_IMAGE_STORE_URLS": "http://one:1/,http://two:2",
    ]
    environment.merge(more) { $1 }
    environment["XTBLISH_INSECURE"] = "true"
    let loaded = try NotifierSettings.load(environment: environment)
    let parts = try await HostedParts<Notifier>(
      PreparedProcess(
        settings: loaded.settings, process: loaded.process, bus: .insecure, metrics: MetricsRegistry(), logger: silent))
    let group = ServiceGroup(services: parts.services, logger: silent)
    let task = Task { try await group.run() }
    return Replica(
      endpoint: try await parts.rpc.boundAddress(), readiness: parts.readiness, group: group, task: task)
  }

  func waitUntilReady() async throws {
    try await eventually("a ready notifier") { await readiness.isReady() }
  }

  func call<R: WireRequest>(_ request: R, deadline: Duration = .seconds(10)) async throws -> R.Response {
    try await withRPCClient(endpoints: [endpoint], logger: silent) { client in
      try await client.call(request, deadline: deadline)
    }
  }

  func stop() async throws {
    await group.triggerGracefulShutdown()
    try await task.value
  }
}

func notification(_ device: DeviceID, _ version: UInt64) -> WireNotification {
  WireNotification.with {
    $0.deviceID = Data(device.bytes)
    $0.version = version
    $0.digest = Data(repeating: 0xAB, count: 32)
    $0.sizeBytes = 100_544
  }
}

/// A client that plays devices.
func deviceClient(_ broker: MosquittoServer, kept clientID: String? = nil) async throws -> MQTTClient {
  var options = MQTTClientOptions(
    host: broker.host, port: UInt16(broker.port), clientID: clientID ?? "device-\(UInt64.random(in: .min ... .max))")
  options.reconnectInitialDelay = .milliseconds(20)
  options.reconnectMaximumDelay = .milliseconds(200)
  if clientID != nil {
    options.cleanStart = false
    options.sessionExpirySeconds = 600
  }
  let client = try MQTTClient(options: options)
  try client.start()
  try await client.waitUntilConnected(timeout: patience)
  return client
}

func report(_ client: MQTTClient, _ device: DeviceID, sequence: Int) async throws -> MQTTReasonCode {
  try await client.publish(
    topic: "/devices/\(device)/state", payload: Array(ReportParsingTests.state(sequence: "\(sequence)").utf8))
}

/// The error that a call answers.
func failure(_ body: () async throws -> Void) async throws -> WireFailure {
  do {
    try await body()
  } catch let failure as WireFailure {
    return failure
  }
  throw TestFailure("no failure was told")
}
