package import Messaging
import RegistryDomain
import Wire

/// Shows entries of the audit log as they are made: each once, in the order of their IDs, and none left out.
package struct AuditFollower {
  private let client: any RPCCaller
  private let query: AuditQuery
  private let deadline: Duration
  private var last: UInt64 = 0

  package init(client: any RPCCaller, query: AuditQuery, deadline: Duration) {
    self.client = client
    self.query = query
    self.deadline = deadline
  }

  /// The newest entries, oldest first; what follows goes on from there.
  package mutating func start(count: Int) async throws -> [AuditDocument] {
    let entries = try await page(before: 0, size: max(count, 1)).entries
    last = entries.first?.id ?? 0
    return entries.prefix(count).reversed().map { AuditDocument($0) }
  }

  /// The entries since; after the database was restored from a backup, none once, and then what comes from now on.
  package mutating func next() async throws -> [AuditDocument] {
    var entries: [WireAuditEntry] = []
    var before: UInt64 = 0
    // From the newest back to the last one that was shown.
    repeat {
      let page = try await page(before: before, size: FieldRules.maximumPageSize)
      let newest = page.entries.first?.id ?? 0
      if before == 0, newest < last {
        // Its numbers are given out again.
        last = newest
        return []
      }
      let new = page.entries.prefix { $0.id > last }
      entries += new
      before = new.count == page.entries.count ? page.nextBeforeID : 0
    } while before != 0
    last = entries.first?.id ?? last
    return entries.reversed().map { AuditDocument($0) }
  }

  private func page(before: UInt64, size: Int) async throws -> WireListAuditResponse {
    var request = query.wire
    request.pageSize = UInt32(size)
    request.beforeID = before
    return try await client.call(request, deadline: deadline)
  }
}
