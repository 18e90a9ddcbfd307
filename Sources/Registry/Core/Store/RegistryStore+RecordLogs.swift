import FirmwareImage
import FoundationEssentials
import PostgreSQL

extension RegistryStore {
  /// How many logs of a device are remembered by how far they are stored: a device that says it lost its flash again
  /// and again makes no more rows than these.
  static let marksPerDevice = 8

  /// Stores lines of devices' logs in one transaction, each line once.
  ///
  /// - Returns: what became of each batch, in the same order.
  package func record(_ batches: [LogBatch]) async throws -> [LogVerdict] {
    guard !batches.isEmpty else { return [] }
    // In the order of their IDs, as all transactions lock rows.
    let ids = Set(batches.map(\.device)).map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
    return try await write { connection in
      var intake = try await Self.lockLogs(of: ids, connection)
      let verdicts = batches.map { intake.take($0) }
      try await Self.save(intake, connection)
      for number in intake.numbersOver(options.logBytesPerDevice) {
        // A sixteenth more than it must, so that not every line makes it trim again.
        let target = options.logBytesPerDevice / 16 * 15
        try await Self.trimLog(number, toBytes: target, olderThan: nil, limit: 5000, connection)
      }
      return verdicts
    }
  }

  /// Locks the devices' rows in `logs`, and makes those that are missing. Before it locks any: whoever makes one may
  /// wait for another that makes it too.
  private static func lockLogs(of ids: [[UInt8]], _ connection: some PostgresExecutor) async throws -> LogIntake {
    let rows = try await connection.pipeline([
      makingLogs(of: ids),
      PostgresStatement(
        """
        select number, device_id, last_cursor, size_bytes, oldest_at, clock_timestamp() as read_at,
          coalesce(followed_until > clock_timestamp(), false) as is_followed
        from registry.logs where device_id = any($1) order by device_id for update
        """,
        [.uuidArray(ids)]),
    ])[1]
    var intake = LogIntake()
    for row in rows {
      intake.now = try row["read_at"].date
      intake.heads[try DeviceRow.deviceID(row["device_id"])] = LogIntake.Head(
        number: try row["number"].int64, lastCursor: UInt64(try row["last_cursor"].int64),
        sizeBytes: try row["size_bytes"].int, hasLines: !row["oldest_at"].isNull,
        isFollowed: try row["is_followed"].bool)
    }
    let marks = try await connection.query(
      "select log_number, log_id, stored_through from registry.log_marks where log_number = any($1)",
      [.int8Array(intake.heads.values.map(\.number))])
    for row in marks {
      let key = LogIntake.MarkKey(number: try row["log_number"].int64, logID: try row["log_id"].text)
      intake.marks[key] = LogIntake.Mark(storedThrough: UInt64(try row["stored_through"].int64))
    }
    return intake
  }

  /// The numbers of rows that exist already are not used up.
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

  private static func save(_ intake: LogIntake, _ connection: some PostgresExecutor) async throws {
    guard !intake.lines.isEmpty else { return }
    let now = PostgresTimestamp(intake.now)
    try await connection.copyIn(
      """
      copy registry.log_lines (
        log_number, cursor, line_id, realtime_nanoseconds, monotonic_nanoseconds, firmware_version, received_at,
        level, source, line
      ) from stdin (format binary)
      """,
      intake.lines.map { entry in
        [
          .int8(entry.number), .int8(Int64(entry.cursor)), .int8(Int64(entry.line.id)),
          .int8(Int64(entry.line.realtimeNanoseconds)), .int8(Int64(entry.line.monotonicNanoseconds)),
          .int8(Int64(entry.line.firmwareVersion)), .timestamp(now), .int4(Int32(entry.line.level.rawValue)),
          .text(entry.line.source), .text(entry.line.text),
        ]
      })
    let heads = intake.touchedHeads
    let marks = intake.changedMarks
    try await connection.pipeline([
      PostgresStatement(
        """
        update registry.logs l
        set last_cursor = u.last_cursor, size_bytes = u.size_bytes, oldest_at = coalesce(l.oldest_at, $4)
        from unnest($1::int8[], $2::int8[], $3::int8[]) as u (number, last_cursor, size_bytes)
        where l.number = u.number
        """,
        [
          .int8Array(heads.map(\.number)), .int8Array(heads.map { Int64($0.lastCursor) }),
          .int8Array(heads.map { Int64($0.sizeBytes) }), .timestamp(now),
        ]),
      PostgresStatement(
        """
        insert into registry.log_marks as m (log_number, log_id, stored_through, last_cursor)
        select * from unnest($1::int8[], $2::text[], $3::int8[], $4::int8[])
        on conflict (log_number, log_id) do update
        set stored_through = excluded.stored_through, last_cursor = excluded.last_cursor
        """,
        [
          .int8Array(marks.map(\.key.number)), .textArray(marks.map(\.key.logID)),
          .int8Array(marks.map { Int64($0.mark.storedThrough) }), .int8Array(marks.map { Int64($0.mark.lastCursor) }),
        ]),
    ])
    try await forgetOldMarks(of: intake.numbersWithNewMarks, connection)
    try await announce(intake.followedDevices, connection)
  }

  private static func forgetOldMarks(of numbers: [Int64], _ connection: some PostgresExecutor) async throws {
    guard !numbers.isEmpty else { return }
    try await connection.query(
      """
      with ranked as (
        select log_number, log_id, row_number() over (partition by log_number order by last_cursor desc) as place
        from registry.log_marks where log_number = any($1)
      )
      delete from registry.log_marks m using ranked r
      where r.place > $2 and m.log_number = r.log_number and m.log_id = r.log_id
      """,
      [.int8Array(numbers), .int(marksPerDevice)])
  }

  /// Only for logs that someone follows: all commits that notify follow each other.
  private static func announce(_ devices: [DeviceID], _ connection: some PostgresExecutor) async throws {
    guard !devices.isEmpty else { return }
    try await connection.query(
      "select pg_notify($1, u.id) from unnest($2::text[]) as u (id)",
      [.text(RegistrySchema.logChannel), .textArray(devices.map(\.description))])
  }
}
