import Authorization
import FirmwareImage
package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Writes an entry by itself. What the Registry changes is noted in the transaction of the change instead.
  package func append(_ record: AuditRecord) async throws {
    try await read { try await Self.append(record, $0) }
  }

  /// The last statement of a transaction: it takes the lock under which entries are numbered.
  static func append(_ record: AuditRecord, _ connection: some PostgresExecutor) async throws {
    try await append([record], connection)
  }

  static func append(_ records: [AuditRecord], _ connection: some PostgresExecutor) async throws {
    guard !records.isEmpty else { return }
    try await connection.executeBatch(
      """
      insert into registry.audit (principal, action, target, source, outcome, detail, via, claimed)
      values ($1, $2, $3, $4, $5, $6, $7, $8)
      """,
      records.map { record in
        [
          .text(record.requester.principal), .text(record.action), .text(record.target),
          .text(record.requester.source), .text(record.outcome.rawValue),
          .jsonb(JSONValue.object(record.detail).text), .text(record.requester.via), .text(record.requester.claimed),
        ]
      })
  }

  /// Entries of the audit log, newest first.
  ///
  /// - Parameter id: only entries below it; nil: from the newest.
  package func audit(_ filter: AuditFilter, before id: UInt64?, limit: Int) async throws -> Page<AuditEntry, UInt64> {
    // Values keep their places, so that a condition can be left out.
    let values: [PostgresValue] = [
      .int(limit + 1), .int8(id.map { Int64(clamping: $0) } ?? .max), .text(filter.principal), .text(filter.action),
      .text(filter.target), .timestamp(filter.since.map { PostgresTimestamp($0) }),
      .timestamp(filter.until.map { PostgresTimestamp($0) }),
    ]
    var statement: SQL =
      "select id, at, principal, via, claimed, action, target, source, outcome, detail from registry.audit"
    statement += " where id < $2"
    statement += filter.principal == nil ? " and $3 is null" : " and (principal = $3 or claimed = $3)"
    statement += filter.action == nil ? " and $4 is null" : " and action = $4"
    statement += filter.target == nil ? " and $5 is null" : " and target = $5"
    statement += filter.since == nil ? " and $6 is null" : " and at >= $6"
    statement += filter.until == nil ? " and $7 is null" : " and at < $7"
    statement += " order by id desc limit $1"
    let text = statement
    let rows = try await read { try await $0.query(text, values) }
    let items = try rows.prefix(limit).map { row in
      AuditEntry(
        id: UInt64(try row["id"].int64), at: try row["at"].date, principal: try row["principal"].text,
        via: try row["via"].text, claimed: try row["claimed"].text, action: try row["action"].text,
        target: try row["target"].text, source: try row["source"].text,
        outcome: try row["outcome"].text, detail: try row["detail"].text)
    }
    return Page(items: items, next: rows.count > limit ? items.last?.id : nil)
  }

  /// Whether the log has it that the bearer of a token was let through to upload for a device within the last hour, and
  /// the token still opens that. Only decisions of this Registry are written in a token's name.
  ///
  /// - Parameter principal: `token:ci`.
  package func hasAdmittedUpload(by principal: String, to device: DeviceID) async throws -> Bool {
    let prefix = APIToken.principal("")
    guard principal.utf8.starts(with: prefix.utf8) else { return false }
    let row = try await read { connection in
      try await connection.queryFirst(
        """
        select exists (
          select from registry.audit
          where principal = $1 and action = 'upload-firmware' and target = $2 and outcome in ('begun', 'allowed')
            and at > clock_timestamp() - interval '1 hour'
        ) and exists (
          select from registry.tokens
          where name = $3 and revoked_at is null and coalesce(expires_at > clock_timestamp(), true)
            and scopes && $4
        ) as is_admitted
        """,
        [
          .text(principal), .text(AuditRecord.target(device)), .text(String(principal.dropFirst(prefix.count))),
          .textArray(AccessScope.allCases.filter { $0 >= .deploy }.map(\.rawValue)),
        ])
    }
    return try row?["is_admitted"].bool ?? false
  }

  /// Removes some of the oldest entries, if they are older than that, and than a day.
  ///
  /// - Returns: how many; as many as `limit` if there may be more.
  package func removeAudit(olderThan age: Duration, limit: Int) async throws -> Int {
    try await read { connection in
      let rows = try await connection.query(
        "select registry.remove_audit($1 * interval '1 millisecond', $2) as removed",
        [.int8(age.wholeMilliseconds), .int(limit)])
      return try rows.first?["removed"].int ?? 0
    }
  }
}
