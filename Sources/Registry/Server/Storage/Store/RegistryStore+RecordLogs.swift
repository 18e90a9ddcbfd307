import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import Foundations
import PostgreSQL
package import RegistryDomain

extension RegistryStore {
  /// How many logs of a device are remembered by how far they are stored: a device that says it lost its flash again
  /// and again makes no more rows than these.
  static let marksPerDevice = 8
  /// How many logs are made smaller after one batch; further ones wait for the next.
  private static let trimmedAtOnce = 16

  /// Stores lines of devices' logs in one transaction, each line once.
  ///
  /// - Returns: what became of each batch, in the same order.
  package func record(_ batches: [ReceivedLogBatch]) async throws -> [LogVerdict] {
    guard !batches.isEmpty else { return [] }
    // In the order of their IDs, as all transactions lock rows.
    let ids = Set(batches.map(\.device)).map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
    let limit = options.logBytesPerDevice
    let (verdicts, tooLarge) = try await writeShortly(reading: LogRows.reading(ids)) { rows in
      var intake = try LogRows.intake(heads: rows[1], marks: rows[2])
      let verdicts = batches.map { intake.take($0) }
      return ShortTransactionPlan((verdicts, intake.numbersOver(limit)), writes: LogRows.writing(intake))
    }.answer
    if !tooLarge.isEmpty { try await trim(Array(tooLarge.prefix(Self.trimmedAtOnce))) }
    return verdicts
  }

  private func trim(_ numbers: [Int64]) async throws {
    // A sixteenth more than it must, so that not every line makes it trim again.
    let target = options.logBytesPerDevice / 16 * 15
    try await write { connection in
      let rows = try await connection.query(
        "select number from registry.logs where number = any($1) order by device_id for update skip locked",
        [.int8Array(numbers)])
      for row in rows {
        try await Self.trimLog(try row["number"].int64, toBytes: target, olderThan: nil, limit: 5000, connection)
      }
    }
  }

  /// Makes the rows in `logs` that are missing. Numbers of rows are not used up where they exist already.
  static func makingLogs(of ids: [[UInt8]]) -> PostgresStatement {
    PostgresStatement(
      """
      insert into registry.logs (device_id)
      select d.id from unnest($1::uuid[]) as u (id) join registry.devices d on d.id = u.id
      where not exists (select 1 from registry.logs l where l.device_id = d.id)
      order by d.id
      on conflict (device_id) do nothing
      """,
      [.uuidArray(ids)])
  }
}

/// How devices' logs are read and written for a batch of lines, as a statement for each table.
private enum LogRows {
  /// Locks the devices' rows in `logs`, and makes those that are missing. Before it locks any: whoever makes one may
  /// wait for another that makes it too.
  static func reading(_ ids: [[UInt8]]) -> [PostgresStatement] {
    [
      RegistryStore.makingLogs(of: ids),
      PostgresStatement(
        """
        select number, device_id, last_cursor, size_bytes, oldest_at, clock_timestamp() as read_at,
          coalesce(followed_until > clock_timestamp(), false) as is_followed
        from registry.logs where device_id = any($1) order by device_id for update
        """,
        [.uuidArray(ids)]),
      PostgresStatement(
        """
        select m.log_number, m.log_id, m.stored_through, m.last_cursor, m.run
        from registry.logs l join registry.log_marks m on m.log_number = l.number
        where l.device_id = any($1)
        """,
        [.uuidArray(ids)]),
    ]
  }

  /// What is decided on, of the rows that were read.
  static func intake(heads: [PostgresRow], marks: [PostgresRow]) throws -> LogIntake {
    var intake = LogIntake()
    for row in heads {
      intake.now = try row["read_at"].date
      intake.heads[try DeviceRow.deviceID(row["device_id"])] = LogIntake.Head(
        number: try row["number"].int64, lastCursor: UInt64(try row["last_cursor"].int64),
        sizeBytes: try row["size_bytes"].int, hasLines: !row["oldest_at"].isNull,
        isFollowed: try row["is_followed"].bool)
    }
    for row in marks {
      let key = LogIntake.MarkKey(number: try row["log_number"].int64, logID: try row["log_id"].text)
      intake.marks[key] = LogIntake.Mark(
        storedThrough: UInt64(try row["stored_through"].int64), lastCursor: UInt64(try row["last_cursor"].int64),
        run: UInt64(bitPattern: try row["run"].int64))
    }
    return intake
  }

  /// The statements that store what was decided.
  static func writing(_ intake: LogIntake) -> [PostgresStatement] {
    var statements: [PostgresStatement] = []
    if !intake.lines.isEmpty { statements += [lines(intake), heads(intake)] }
    if !intake.changedMarks.isEmpty { statements.append(marks(intake)) }
    if !intake.numbersWithNewMarks.isEmpty { statements.append(forgettingOldMarks(of: intake.numbersWithNewMarks)) }
    // Only for logs that someone follows: all commits that notify follow each other.
    if !intake.followedDevices.isEmpty {
      statements.append(
        PostgresStatement(
          "select pg_notify($1, u.id) from unnest($2::text[]) as u (id)",
          [.text(RegistrySchema.logChannel), .textArray(intake.followedDevices.map(\.description))]))
    }
    return statements
  }

  private static func lines(_ intake: LogIntake) -> PostgresStatement {
    let lines = intake.lines
    return PostgresStatement(
      """
      insert into registry.log_lines (
        log_number, cursor, line_id, realtime_nanoseconds, monotonic_nanoseconds, firmware_version, received_at,
        level, source, line)
      select u.log_number, u.cursor, u.line_id, u.realtime, u.monotonic, u.version, $10, u.level::int4, u.source, u.line
      from unnest(
        $1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::text[], $9::text[]
      ) as u (log_number, cursor, line_id, realtime, monotonic, version, level, source, line)
      """,
      [
        .int8Array(lines.map(\.number)), .int8Array(lines.map { Int64($0.cursor) }),
        .int8Array(lines.map { Int64($0.line.id) }), .int8Array(lines.map { Int64($0.line.realtimeNanoseconds) }),
        .int8Array(lines.map { Int64($0.line.monotonicNanoseconds) }),
        .int8Array(lines.map { Int64($0.line.firmwareVersion) }),
        .int8Array(lines.map { Int64($0.line.level.rawValue) }), .textArray(lines.map(\.line.source)),
        .textArray(lines.map(\.line.text)), .timestamp(PostgresTimestamp(intake.now)),
      ])
  }

  private static func heads(_ intake: LogIntake) -> PostgresStatement {
    let heads = intake.touchedHeads
    return PostgresStatement(
      """
      update registry.logs l
      set last_cursor = u.last_cursor, size_bytes = u.size_bytes, oldest_at = coalesce(l.oldest_at, $4)
      from unnest($1::int8[], $2::int8[], $3::int8[]) as u (number, last_cursor, size_bytes)
      where l.number = u.number
      """,
      [
        .int8Array(heads.map(\.number)), .int8Array(heads.map { Int64($0.lastCursor) }),
        .int8Array(heads.map { Int64($0.sizeBytes) }), .timestamp(PostgresTimestamp(intake.now)),
      ])
  }

  private static func marks(_ intake: LogIntake) -> PostgresStatement {
    let marks = intake.changedMarks
    return PostgresStatement(
      """
      insert into registry.log_marks as m (log_number, log_id, stored_through, last_cursor, run)
      select * from unnest($1::int8[], $2::text[], $3::int8[], $4::int8[], $5::int8[])
      on conflict (log_number, log_id) do update
      set stored_through = excluded.stored_through, last_cursor = excluded.last_cursor, run = excluded.run
      """,
      [
        .int8Array(marks.map(\.key.number)), .textArray(marks.map(\.key.logID)),
        .int8Array(marks.map { Int64($0.mark.storedThrough) }), .int8Array(marks.map { Int64($0.mark.lastCursor) }),
        .int8Array(marks.map { Int64(bitPattern: $0.mark.run) }),
      ])
  }

  private static func forgettingOldMarks(of numbers: [Int64]) -> PostgresStatement {
    PostgresStatement(
      """
      with ranked as (
        select log_number, log_id, row_number() over (partition by log_number order by last_cursor desc) as place
        from registry.log_marks where log_number = any($1)
      )
      delete from registry.log_marks m using ranked r
      where r.place > $2 and m.log_number = r.log_number and m.log_id = r.log_id
      """,
      [.int8Array(numbers), .int(RegistryStore.marksPerDevice)])
  }
}
