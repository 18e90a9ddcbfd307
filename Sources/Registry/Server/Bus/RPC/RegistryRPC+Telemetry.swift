import FoundationEssentials
import Foundations
import Logging
import Messaging
import RegistryDomain
import RegistryMessages
import RegistryStorage
import Wire

/// Logs and crashes.
extension RegistryRPC {
  /// How many log lines one request may have: it is one transaction, and holds its locks.
  package static let maximumLogLines = 20_000
  /// How many crash reports one request may have, for the same reason.
  package static let maximumCrashes = 200

  func addTelemetryHandlers(to router: inout RPCRouter) {
    router.handle(WireRecordLogs.self) { request, _ in try await record(request) }
    router.handle(WireRecordCrashes.self) { request, _ in try await record(request) }
    router.handle(WireListLogs.self) { request, context in try await listLogs(request, context) }
    router.handle(WireListCrashes.self) { request, _ in try await listCrashes(request) }
    router.handle(WireGetCrash.self) { request, _ in
      WireStoredCrash(try await store.crash(request.number))
    }
  }

  private func listLogs(_ request: WireListLogs, _ context: RequestContext) async throws -> WireListLogsResponse {
    let isAfter = request.afterCursor > 0 || request.follow
    let query = try LogQuery(
      device: DeviceID(checking: request.deviceID),
      position: isAfter
        ? .after(request.afterCursor) : .newest(before: request.beforeCursor == 0 ? nil : request.beforeCursor),
      minimumLevel: request.minimumLevel, text: request.text,
      limit: FieldRules.pageSize(
        request.pageSize, default: LogQuery.defaultPageSize, maximum: LogQuery.maximumPageSize))
    // What is left of the deadline is for the way back.
    let page =
      request.follow
      ? try await store.followLog(query, wait: context.remaining * 0.8) : try await store.logLines(query)
    var response = WireListLogsResponse()
    response.lines = page.lines.map { WireStoredLogLine($0) }
    response.lastCursor = page.lastCursor
    response.more = page.hasMore
    return response
  }

  private func listCrashes(_ request: WireListCrashes) async throws -> WireListCrashesResponse {
    let page = try await store.crashes(
      of: DeviceID.optional(checking: request.deviceID), app: request.appName.isEmpty ? nil : request.appName,
      before: Self.number(request.cursor), grouped: request.grouped, limit: FieldRules.pageSize(request.pageSize))
    var response = WireListCrashesResponse()
    response.crashes = page.items.map { WireStoredCrash($0) }
    response.nextCursor = page.next.map { "\($0)" } ?? ""
    return response
  }

  /// The number where a page of a list ended; nil for no cursor.
  static func number(_ cursor: String) throws(RequestFailure) -> UInt64? {
    if cursor.isEmpty { return nil }
    guard let number = UInt64(cursor), number > 0, number <= UInt64(Int64.max) else {
      throw RequestFailure(field: "cursor", "is none that this list gave out: leave it away to start from the newest")
    }
    return number
  }

  /// A batch whose form is wrong spoils none of the others.
  private func record(_ request: WireRecordLogs) async throws -> WireRecordLogsResponse {
    let count = request.batches.reduce(0) { $0 + $1.lines.count }
    guard request.batches.count <= Self.maximumReports, count <= Self.maximumLogLines else {
      throw RequestFailure(
        field: "batches",
        "has \(request.batches.count) entries with \(count) lines: "
          + "send at most \(Self.maximumReports) and \(Self.maximumLogLines) at once")
    }
    var verdicts: [LogVerdict?] = []
    var valid: [ReceivedLogBatch] = []
    for batch in request.batches {
      do throws(RequestFailure) {
        valid.append(try ReceivedLogBatch(batch))
        verdicts.append(nil)
      } catch {
        logRefusal("log lines refused", of: batch.deviceID, error)
        verdicts.append(LogVerdict(storedThrough: batch.lines.map(\.id).max() ?? 0, refusal: .invalid))
      }
    }
    var stored = try await store.record(valid)[...]
    var response = WireRecordLogsResponse()
    response.outcomes = zip(request.batches, verdicts).map { batch, refusal in
      WireLogOutcome(refusal ?? stored.removeFirst(), of: batch)
    }
    return response
  }

  /// A report whose form is wrong spoils none of the others, and the device need not keep it.
  private func record(_ request: WireRecordCrashes) async throws -> WireRecordCrashesResponse {
    guard request.reports.count <= Self.maximumCrashes else {
      throw RequestFailure(
        field: "reports", "has \(request.reports.count) entries: send at most \(Self.maximumCrashes) at once")
    }
    var verdicts: [CrashVerdict?] = []
    var valid: [Crash] = []
    for report in request.reports {
      do throws(RequestFailure) {
        valid.append(try Crash(report))
        verdicts.append(nil)
      } catch {
        logRefusal("crash report refused", of: report.deviceID, error)
        verdicts.append(.refused(.invalid))
      }
    }
    var stored = try await store.record(valid)[...]
    var response = WireRecordCrashesResponse()
    response.outcomes = zip(request.reports, verdicts).map { report, refusal in
      WireCrashOutcome(refusal ?? stored.removeFirst(), of: report)
    }
    return response
  }
}
