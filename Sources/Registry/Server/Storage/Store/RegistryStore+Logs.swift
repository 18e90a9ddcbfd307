import DeviceProtocol
import FoundationEssentials
import Foundations
import PostgreSQL
package import RegistryDomain

extension RegistryStore {
  /// The lines of a device's log that fit the query, as far as they are stored now.
  ///
  /// - Throws: `notFound` for an unknown device.
  package func logLines(_ query: LogQuery) async throws -> LogPage {
    try await read { connection in
      let head = try await connection.queryFirst(
        "select number, last_cursor from registry.logs where device_id = $1", [.uuid(query.device.bytes)])
      guard let head else {
        try await Self.requireDevice(query.device, connection)
        return LogPage(lines: [], lastCursor: 0, hasMore: false)
      }
      // Read first: lines up to here are there by now, as they were committed with it.
      let end = UInt64(try head["last_cursor"].int64)
      let rows = try await connection.query(
        Self.statement(query), Self.values(query, number: try head["number"].int64, end: end))
      return try Self.page(rows, query, end: end)
    }
  }

  private static func statement(_ query: LogQuery) -> SQL {
    var statement: SQL = """
      select cursor, line_id, realtime_nanoseconds, monotonic_nanoseconds, firmware_version, received_at, level,
        source, line
      from registry.log_lines where log_number = $1 and cursor > $2 and cursor < $3 and level >= $4
      """
    statement += query.text.isEmpty ? " and $5 = ''" : " and position($5 in line) > 0"
    if case .after = query.position {
      statement += " order by cursor limit $6"
    } else {
      statement += " order by cursor desc limit $6"
    }
    return statement
  }

  private static func values(_ query: LogQuery, number: Int64, end: UInt64) -> [PostgresValue] {
    let (after, before): (UInt64, UInt64) =
      switch query.position {
      case .after(let cursor): (cursor, end + 1)
      case .newest(let before): (0, min(before ?? .max, end + 1))
      }
    return [
      .int8(number), .int8(Int64(clamping: after)), .int8(Int64(clamping: before)),
      .int8(Int64(query.minimumLevel.rawValue)), .text(query.text), .int(query.limit + 1),
    ]
  }

  private static func page(_ rows: [PostgresRow], _ query: LogQuery, end: UInt64) throws -> LogPage {
    var lines: [StoredLogLine] = []
    var size = 0
    for row in rows.prefix(query.limit) {
      let line = try storedLine(row)
      size += line.line.storedBytes
      if size > LogQuery.maximumPageBytes, !lines.isEmpty { break }
      lines.append(line)
    }
    let isCut = lines.count < rows.count
    switch query.position {
    case .after: return LogPage(lines: lines, lastCursor: isCut ? lines.last?.cursor ?? end : end, hasMore: false)
    case .newest: return LogPage(lines: lines.reversed(), lastCursor: end, hasMore: isCut)
    }
  }

  private static func storedLine(_ row: PostgresRow) throws -> StoredLogLine {
    guard let level = LogLevel(rawValue: try row["level"].int) else { throw StoredValueError() }
    return StoredLogLine(
      cursor: UInt64(try row["cursor"].int64),
      line: LogLine(
        id: UInt64(try row["line_id"].int64), realtimeNanoseconds: UInt64(try row["realtime_nanoseconds"].int64),
        monotonicNanoseconds: UInt64(try row["monotonic_nanoseconds"].int64), level: level,
        source: try row["source"].text, firmwareVersion: UInt64(try row["firmware_version"].int64),
        text: try row["line"].text),
      receivedAt: try row["received_at"].date)
  }

  /// The same as ``logLines(_:)``, and waits for a line if there is none yet.
  ///
  /// - Parameter wait: for so long at most; then the page is empty.
  /// - Throws: `overloaded` if too many requests wait already.
  package func followLog(_ query: LogQuery, wait: Duration) async throws -> LogPage {
    let end = ContinuousClock.now + min(wait, LogQuery.longestWait)
    return try await logFollowers.following(query.device) { signal in
      try await noteFollower(of: query.device)
      var query = query
      while true {
        let page = try await logLines(query)
        let remaining = end - .now
        guard page.lines.isEmpty, remaining > .zero else { return page }
        // What was looked through without a match is not looked through again.
        query.position = .after(page.lastCursor)
        await signal.wait(upTo: remaining)
        try Task.checkCancellation()
      }
    }
  }

  /// Asks whoever stores lines of the device to say so; see ``RegistrySchema/logs``. It is asked for longer than one
  /// request waits, so that a client which follows writes only now and then.
  ///
  /// The row is locked by whoever adds lines: either those are there when this returns, or the next ones are announced.
  private func noteFollower(of device: DeviceID) async throws {
    _ = try await write { connection in
      try await connection.pipeline([
        Self.makingLogs(of: [device.bytes]),
        PostgresStatement(
          """
          update registry.logs set followed_until = clock_timestamp() + interval '60 seconds'
          where device_id = $1 and coalesce(followed_until, '-infinity') < clock_timestamp() + interval '30 seconds'
          """,
          [.uuid(device.bytes)]),
      ])
    }
  }
}
