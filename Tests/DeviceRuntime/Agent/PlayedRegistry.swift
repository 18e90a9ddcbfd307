import FirmwareImage
import Foundation
import Logging
import Messaging
import SwiftProtobuf
import Synchronization
import TestSupport
import Wire

@testable import Foundations

/// A Registry that stores what a notifier brings it: each line and each crash once.
final class PlayedRegistry: Sendable {
  private struct State {
    var logs: [String] = []
    var lines: [String: [WireDeviceLogLine]] = [:]
    var crashes: [Data: WireCrashReport] = [:]
    var lost: UInt64 = 0
    var repeated = 0
    /// What would be wrong for any Registry.
    var faults: [String] = []
  }

  let endpoint: String
  private let port: FreePort
  private let state = Mutex(State())
  private let task = Mutex<Task<Void, any Error>?>(nil)

  init() async throws {
    port = try FreePort()
    endpoint = "tcp://127.0.0.1:\(port.number)"
    var router = RPCRouter()
    router.handle(WireRecordReports.self) { request, _ in
      WireRecordReportsResponse.with { response in
        response.outcomes = request.reports.map { report in
          WireReportOutcome.with {
            $0.deviceID = report.deviceID
            $0.sequence = report.sequence
            $0.stored = true
          }
        }
      }
    }
    router.handle(WireRecordLogs.self) { [weak self] request, _ in
      WireRecordLogsResponse.with { $0.outcomes = request.batches.map { self?.store($0) ?? WireLogOutcome() } }
    }
    router.handle(WireRecordCrashes.self) { [weak self] request, _ in
      WireRecordCrashesResponse.with { $0.outcomes = request.reports.map { self?.store($0) ?? WireCrashOutcome() } }
    }
    let server = RPCServer(
      name: "registry", listening: endpoint, router: router,
      logger: Logger(label: "registry") { _ in SwiftLogNoOpLogHandler() })
    let running = Task { try await server.run() }
    task.withLock { $0 = running }
    _ = try await server.boundAddress()
  }

  deinit { task.withLock { $0?.cancel() } }

  var logs: [String] { state.withLock { $0.logs } }
  var lines: [WireDeviceLogLine] { state.withLock { state in state.logs.flatMap { state.lines[$0] ?? [] } } }
  var crashes: [WireCrashReport] { state.withLock { Array($0.crashes.values) } }
  var lost: UInt64 { state.withLock { $0.lost } }
  var faults: [String] { state.withLock { $0.faults } }
  /// Lines that came again.
  var repeated: Int { state.withLock { $0.repeated } }

  private func store(_ batch: WireDeviceLogBatch) -> WireLogOutcome {
    state.withLock { state in
      if state.lines[batch.logID] == nil { state.logs.append(batch.logID) }
      var stored = state.lines[batch.logID] ?? []
      let first = batch.lines.first?.id ?? 0
      let through = stored.last?.id ?? 0
      if first > through + 1 {
        state.lost += batch.lost
        if batch.lost < first - through - 1 {
          state.faults.append("lines \(through + 1) to \(first - 1) are missing, and nobody says so")
        }
      }
      for line in batch.lines {
        if line.id > stored.last?.id ?? 0 {
          stored.append(line)
          continue
        }
        state.repeated += 1
        if let known = stored.first(where: { $0.id == line.id }), known != line {
          state.faults.append("line \(line.id) is told as \(known.text) and as \(line.text)")
        }
      }
      state.lines[batch.logID] = stored
      return WireLogOutcome.with {
        $0.deviceID = batch.deviceID
        $0.logID = batch.logID
        $0.storedThrough = stored.last?.id ?? 0
      }
    }
  }

  private func store(_ report: WireCrashReport) -> WireCrashOutcome {
    state.withLock { state in
      if let known = state.crashes[report.id], known != report { state.faults.append("a crash is told in two ways") }
      state.crashes[report.id] = report
      return WireCrashOutcome.with {
        $0.deviceID = report.deviceID
        $0.id = report.id
        $0.settled = true
      }
    }
  }
}
