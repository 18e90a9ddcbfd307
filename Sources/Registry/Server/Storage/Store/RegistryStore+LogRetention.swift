import PostgreSQL
import RegistryDomain

extension RegistryStore {
  /// Removes some lines that are older than that, of a few devices: those whose oldest line is the oldest.
  ///
  /// - Returns: how many lines; nil if there are none that old. Replicas that do so at once do different ones.
  package func removeLogLines(olderThan age: Duration, logs: Int = 20, limit: Int = 1000) async throws -> Int? {
    try await write { connection in
      let rows = try await connection.query(
        """
        select number from registry.logs
        where oldest_at < statement_timestamp() - $1 * interval '1 millisecond'
        order by oldest_at limit $2 for update skip locked
        """,
        [.int8(age.wholeMilliseconds), .int(logs)])
      var removed = 0
      for row in rows {
        removed += try await Self.trimLog(
          try row["number"].int64, toBytes: nil, olderThan: age, limit: limit, connection)
      }
      return rows.isEmpty ? nil : removed
    }
  }

  /// Removes some lines of a device that was deleted, and what is left of its log after the last.
  ///
  /// - Returns: how many lines; nil if there is no such log.
  package func removeLinesOfDeletedDevice(limit: Int = 5000) async throws -> Int? {
    try await write { connection in
      let rows = try await connection.query(
        "select number from registry.logs where device_id is null order by number limit 1 for update skip locked")
      guard let number = try rows.first?["number"].int64 else { return nil }
      let removed = try await Self.trimLog(number, toBytes: 0, olderThan: nil, limit: limit, connection)
      if removed < limit { try await connection.query("delete from registry.logs where number = $1", [.int8(number)]) }
      return removed
    }
  }

  /// Removes the oldest lines of a log that this transaction has locked: while it is larger than `bytes`, and those
  /// that are older than `age`; at most `limit`.
  ///
  /// - Returns: how many.
  @discardableResult
  static func trimLog(
    _ number: Int64, toBytes bytes: Int?, olderThan age: Duration?, limit: Int, _ connection: some PostgresExecutor
  ) async throws -> Int {
    let rows = try await connection.query(
      """
      with head as (
        select size_bytes - $2::int8 as excess from registry.logs where number = $1
      ), oldest as (
        select cursor, received_at, $5 + octet_length(line) as size
        from registry.log_lines where log_number = $1 order by cursor limit $4
      ), summed as (
        select cursor, received_at, sum(size) over (order by cursor) - size as freed_before from oldest
      ), doomed as (
        select max(summed.cursor) as last from summed, head
        where summed.freed_before < head.excess
          or summed.received_at < statement_timestamp() - $3::int8 * interval '1 millisecond'
      ), removed as (
        delete from registry.log_lines l using doomed
        where l.log_number = $1 and l.cursor <= doomed.last
        returning $5 + octet_length(l.line) as size
      ), total as (
        select count(*) as count, coalesce(sum(size), 0)::int8 as size from removed
      )
      update registry.logs
      set size_bytes = size_bytes - total.size,
        oldest_at = (
          select l.received_at from registry.log_lines l
          where l.log_number = $1 and l.cursor > coalesce(doomed.last, 0)
          order by l.cursor limit 1)
      from total, doomed
      where number = $1
      returning total.count
      """,
      [
        .int8(number), .int(bytes), .int8(age?.wholeMilliseconds), .int(limit),
        .int(LogLine.overheadBytes),
      ])
    return try rows.first?["count"].int ?? 0
  }
}
