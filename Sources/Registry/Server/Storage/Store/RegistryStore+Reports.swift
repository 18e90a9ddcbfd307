import FirmwareImage
import FoundationEssentials
import Foundations
import PostgreSQL
package import RegistryDomain

extension RegistryStore {
  /// Takes a batch of reports in one transaction, in their order.
  ///
  /// - Returns: what became of each, in the same order.
  package func record(_ reports: [ReceivedReport]) async throws -> [ReportVerdict] {
    guard !reports.isEmpty else { return [] }
    // In the order of their IDs, as all transactions lock rows.
    let ids = Set(reports.map(\.device)).map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
    let options = options
    let (outcome, rows) = try await writeShortly(reading: ReportRows.reading(ids)) { rows in
      var batch = try ReportRows.batch(rows[1])
      let verdicts = reports.map { batch.take($0, onlineWindow: options.onlineWindow) }
      let writes = ReportWrites(batch, ids, renotifyInterval: options.renotifyInterval)
      return ShortTransactionPlan(
        (verdicts, writes.queueIndex, writes.toAssignAgain, batch.reportedStatuses), writes: writes.statements)
    }
    let (verdicts, queueIndex, toAssignAgain, statuses) = outcome
    counters.reported(statuses)
    if let queueIndex, !rows[queueIndex].isEmpty { outboxSignal.wake() }
    if !toAssignAgain.isEmpty { try await assignAgain(toAssignAgain) }
    return verdicts
  }
}
