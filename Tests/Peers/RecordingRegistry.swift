import Foundation
package import Foundations
import Logging
import Messaging
import SwiftProtobuf
import Synchronization
import TestSupport
package import Wire

/// A Registry that takes over ZeroMQ what devices say, answers what the test wants, and can be stopped and started again on
/// its port.
///
/// It knows every device but those that it is told to be strangers. `RegistryOfReports` says what it has in common with
/// the real one.
package final class RecordingRegistry: Sendable {
  private struct State {
    var reports: [WireDeviceReport] = []
    var batches: [Int] = []
    var failure: WireFailure?
    var unreadable: Set<Data> = []
    var strangers: Set<Data> = []
    /// The newest report that is stored of each device.
    var held: [Data: WireReportPosition] = [:]
    var logs = StoredLogs()
    var logBatches: [WireDeviceLogBatch] = []
    var crashes: [WireCrashReport] = []
    var audit: [WireAuditEntry] = []
    var diagnosticFailure: WireFailure?
    /// Answered to every batch and report.
    var refusal = ""
    var settlesCrashes = true
    var task: Task<Void, any Error>?
  }

  private let port: FreePort
  private let state = Mutex(State())

  package init(started: Bool = true) async throws {
    port = try FreePort()
    if started { try await start() }
  }

  deinit { state.withLock { $0.task?.cancel() } }

  package var endpoint: String { "tcp://127.0.0.1:\(port.number)" }
  package var reports: [WireDeviceReport] { state.withLock { $0.reports } }
  package var batches: [Int] { state.withLock { $0.batches } }
  package var logs: StoredLogs { state.withLock { $0.logs } }
  package var logBatches: [WireDeviceLogBatch] { state.withLock { $0.logBatches } }
  /// All that came, repeats too.
  package var crashes: [WireCrashReport] { state.withLock { $0.crashes } }
  package var audit: [WireAuditEntry] { state.withLock { $0.audit } }

  /// The ID of a device that it does not know.
  package func makeStranger() -> DeviceID {
    let device = DeviceID.random()
    _ = state.withLock { $0.strangers.insert(Data(device.bytes)) }
    return device
  }

  /// Every RecordLogs and RecordCrashes is answered so from here on; nil: they are stored.
  package func failDiagnostics(_ failure: WireFailure?) { state.withLock { $0.diagnosticFailure = failure } }

  /// Batches and reports are refused for good with this reason.
  package func refuseDiagnostics(_ reason: String) { state.withLock { $0.refusal = reason } }

  package func settleCrashes(_ settles: Bool) { state.withLock { $0.settlesCrashes = settles } }

  /// Every RecordReports is answered so from here on; nil: they are stored.
  package func fail(_ failure: WireFailure?) { state.withLock { $0.failure = failure } }

  /// A batch with a report of this device is refused as a whole, as by a Registry that can't read the message.
  package func refuseBatches(with device: DeviceID) { _ = state.withLock { $0.unreadable.insert(Data(device.bytes)) } }

  package func start() async throws {
    var router = RPCRouter()
    // The server must not keep it.
    router.handle(WireRecordReports.self) { [weak self] request, _ in
      try self?.record(request) ?? WireRecordReportsResponse()
    }
    router.handle(WireRecordLogs.self) { [weak self] request, _ in
      try self?.record(request) ?? WireRecordLogsResponse()
    }
    router.handle(WireRecordCrashes.self) { [weak self] request, _ in
      try self?.record(request) ?? WireRecordCrashesResponse()
    }
    router.handle(WireRenotifyDevice.self) { [weak self] request, _ in
      if self?.state.withLock({ $0.strangers.contains(request.deviceID) }) ?? false {
        throw WireFailure(.notFound, reason: "unknown-device", message: "no such device")
      }
      return WireRenotifyDeviceResponse.with { $0.version = 1 }
    }
    router.handle(WireRecordAudit.self) { [weak self] request, _ in
      try self?.record(request.entry)
      return WireRecordAuditResponse()
    }
    let server = RPCServer(
      name: "registry", listening: endpoint, router: router,
      logger: Logger(label: "registry") { _ in SwiftLogNoOpLogHandler() })
    let task = Task { try await server.run() }
    state.withLock { $0.task = task }
    _ = try await server.boundAddress()
  }

  package func stop() async {
    let task = state.withLock { state in
      defer { state.task = nil }
      return state.task
    }
    task?.cancel()
    _ = await task?.result
  }

  private func record(_ entry: WireAuditEntry) throws {
    if entry.principal.isEmpty || entry.action.isEmpty {
      throw WireFailure(.invalid, reason: "invalid-entry", message: "entry lacks something")
    }
    if !["allowed", "refused", "begun", "failed"].contains(entry.outcome) {
      throw WireFailure(.invalid, reason: "invalid-outcome", message: "outcome is none")
    }
    state.withLock { $0.audit.append(entry) }
  }

  private func record(_ request: WireRecordLogs) throws -> WireRecordLogsResponse {
    try state.withLock { state in
      if let failure = state.diagnosticFailure { throw failure }
      try Self.check(request.batches.map(\.deviceID), state)
      state.logBatches += request.batches
      return WireRecordLogsResponse.with { response in
        response.outcomes = request.batches.map { Self.store($0, &state) }
      }
    }
  }

  private static func store(_ batch: WireDeviceLogBatch, _ state: inout State) -> WireLogOutcome {
    var outcome = WireLogOutcome()
    outcome.deviceID = batch.deviceID
    outcome.logID = batch.logID
    outcome.reason =
      state.strangers.contains(batch.deviceID) ? "unknown-device" : batch.logID.isEmpty ? "invalid" : state.refusal
    outcome.storedThrough =
      outcome.reason.isEmpty ? state.logs.store(batch) : batch.lines.last?.id ?? 0
    return outcome
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
            $0.reason =
              state.strangers.contains(report.deviceID)
              ? "unknown-device" : report.id.count != 16 ? "invalid" : state.refusal
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
      try Self.check(request.reports.map(\.deviceID), state)
      state.reports += request.reports
      state.batches.append(request.reports.count)
      return WireRecordReportsResponse.with { response in
        response.outcomes = request.reports.map { Self.store($0, &state) }
      }
    }
  }

  private static func store(_ report: WireDeviceReport, _ state: inout State) -> WireReportOutcome {
    var outcome = WireReportOutcome()
    outcome.deviceID = report.deviceID
    outcome.sequence = report.sequence
    switch report.content {
    case nil: outcome.reason = "invalid"
    case .state where report.sequence == 0: outcome.reason = "invalid"
    case _ where state.strangers.contains(report.deviceID): outcome.reason = "unknown-device"
    case .online: outcome.stored = true
    case .state:
      if let held = state.held[report.deviceID], held.epoch == report.epoch, held.sequence > report.sequence {
        outcome.reason = "stale"
        outcome.held = held
      } else {
        state.held[report.deviceID] = WireReportPosition.with {
          $0.epoch = report.epoch
          $0.sequence = report.sequence
        }
        outcome.stored = true
      }
    }
    return outcome
  }
}
