import FirmwareImage
import FoundationEssentials
import PostgreSQL

extension RegistryStore {
  /// Takes a batch of reports in one transaction, in their order.
  ///
  /// - Returns: what became of each, in the same order.
  package func record(_ reports: [DeviceReport]) async throws -> [ReportVerdict] {
    guard !reports.isEmpty else { return [] }
    // In the order of their IDs, as all transactions lock rows.
    let ids = Set(reports.map(\.device)).map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
    let (verdicts, hasQueued) = try await write { connection in
      var batch = try await Self.lockReports(of: ids, connection)
      let verdicts = reports.map { batch.take($0, onlineWindow: options.onlineWindow) }
      let hasQueued = try await Self.save(batch, ids, renotifyInterval: options.renotifyInterval, connection)
      return (verdicts, hasQueued)
    }
    if hasQueued { outboxSignal.raise() }
    return verdicts
  }

  private static func lockReports(of ids: [[UInt8]], _ connection: some PostgresExecutor) async throws -> ReportBatch {
    try await connection.query(
      "select device_id from registry.reports where device_id = any($1) order by device_id for update",
      [.uuidArray(ids)])
    // A statement of its own, as the first may have waited for a transaction that changed what this reads.
    let rows = try await connection.query(
      """
      select r.device_id, r.sequence, r.last_seen, nullif(r.online_until, '-infinity') as online_until,
        d.reported_version, d.reported_digest, d.reported_slot, d.reported_status, d.reported_reason, d.reported_at,
        d.failed_version, d.failed_digest, d.failed_reason, d.switch_gap_nanoseconds, d.desired_version, d.desired_digest,
        f.notified_at, o.version is not null as is_pending, clock_timestamp() as read_at
      from registry.reports r
        join registry.devices d on d.id = r.device_id
        left join registry.firmware f on f.device_id = d.id and f.version = d.desired_version
        left join registry.outbox o on o.device_id = d.id and o.version = d.desired_version
      where r.device_id = any($1)
      """,
      [.uuidArray(ids)])
    var batch = ReportBatch()
    for row in rows {
      batch.now = try row["read_at"].date
      batch.entries[try DeviceRow.deviceID(row["device_id"])] = ReportBatch.Entry(
        device: TrackedDevice(
          sequence: UInt64(try row["sequence"].int64), lastSeen: try row["last_seen"].optional?.date,
          onlineUntil: try row["online_until"].optional?.date, reported: try DeviceRow.reported(row)),
        desired: try DeviceRow.reference(row["desired_version"], row["desired_digest"]),
        isNotificationPending: try row["is_pending"].bool,
        notifiedAt: try row["notified_at"].optional?.date)
    }
    return batch
  }

  /// - Returns: whether something was put into the outbox.
  private static func save(
    _ batch: ReportBatch, _ ids: [[UInt8]], renotifyInterval: TimeInterval, _ connection: some PostgresExecutor
  ) async throws -> Bool {
    let touched = ids.compactMap { bytes in
      DeviceID(bytes: bytes).flatMap { id in batch.entries[id].map { (id: id, entry: $0) } }
    }.filter(\.entry.isTouched)
    guard !touched.isEmpty else { return false }
    try await saveLiveness(touched.map { ($0.id, $0.entry.device) }, connection)
    for (id, entry) in touched {
      if entry.changes.contains(.stateReported), let state = entry.device.reported {
        try await save(state, of: id, connection)
      }
      for change in entry.changes {
        try await append(change.event, of: id, change.detail(of: entry.device), connection)
      }
    }
    let notify = touched.filter {
      $0.entry.decision(now: batch.now, interval: renotifyInterval) == .notify
    }
    let hasQueued = try await queueAgain(notify.map { ($0.id, $0.entry.desired?.version ?? 0) }, connection)
    try await saveHistory(touched.flatMap { (id, entry) in entry.statedStates.map { (id, $0) } }, connection)
    return hasQueued
  }

  private static func saveLiveness(
    _ devices: [(id: DeviceID, device: TrackedDevice)], _ connection: some PostgresExecutor
  ) async throws {
    try await connection.query(
      """
      update registry.reports r
      set sequence = u.sequence,
        last_seen = case when u.last_seen >= 0 then 'epoch'::timestamptz + u.last_seen * interval '1 microsecond' end,
        online_until = case when u.online_until >= 0
          then 'epoch'::timestamptz + u.online_until * interval '1 microsecond' else '-infinity' end
      from unnest($1::uuid[], $2::int8[], $3::int8[], $4::int8[]) as u (device_id, sequence, last_seen, online_until)
      where r.device_id = u.device_id
      """,
      [
        .uuidArray(devices.map(\.id.bytes)),
        .int8Array(devices.map { Int64($0.device.sequence) }),
        .int8Array(devices.map { microseconds($0.device.lastSeen) }),
        .int8Array(devices.map { microseconds($0.device.onlineUntil) }),
      ])
  }

  /// Since 1970; -1 for never.
  private static func microseconds(_ date: Date?) -> Int64 {
    date.map { PostgresTimestamp($0).microsecondsSince1970 } ?? -1
  }

  private static func save(
    _ state: ReportedState, of id: DeviceID, _ connection: some PostgresExecutor
  ) async throws {
    try await connection.query(
      """
      update registry.devices
      set reported_version = $2, reported_digest = $3, reported_slot = $4, reported_status = $5,
        reported_reason = $6, reported_at = $7, failed_version = $8, failed_digest = $9, failed_reason = $10,
        switch_gap_nanoseconds = $11
      where id = $1
      """,
      [
        .uuid(id.bytes), .int8(state.running.map { Int64($0.version) }), .bytea(state.running?.digest.bytes),
        .text(state.slot), .text(state.status.rawValue), .text(state.reason),
        .timestamp(PostgresTimestamp(state.at)), .int8(state.failed.map { Int64($0.version) }),
        .bytea(state.failed?.digest.bytes), .text(state.failedReason), .int8(Int64(state.switchGapNanoseconds)),
      ])
  }

  /// Notes with the versions what the devices made of them. After the outbox: see ``RegistrySchema`` on the order of locks.
  private static func saveHistory(
    _ states: [(id: DeviceID, state: ReportedState)], _ connection: some PostgresExecutor
  ) async throws {
    for (id, state) in states {
      if let running = state.running, !state.status.isFailure {
        try await connection.query(
          """
          update registry.firmware
          set trial_at = coalesce(trial_at, $4),
            confirmed_at = case when $5 then coalesce(confirmed_at, $4) else confirmed_at end,
            switch_gap_nanoseconds = case when $6 > 0 then $6 else switch_gap_nanoseconds end
          where device_id = $1 and version = $2 and digest = $3
          """,
          [
            .uuid(id.bytes), .int8(Int64(running.version)), .bytea(running.digest.bytes),
            .timestamp(PostgresTimestamp(state.at)), .bool(state.status == .confirmed),
            .int8(Int64(state.switchGapNanoseconds)),
          ])
      }
      if let failed = state.failed, state.status.isFailure {
        try await connection.query(
          """
          update registry.firmware set failed_at = $4, failed_status = $5, failed_reason = $6
          where device_id = $1 and version = $2 and digest = $3
            and (failed_status, failed_reason) is distinct from ($5, $6)
          """,
          [
            .uuid(id.bytes), .int8(Int64(failed.version)), .bytea(failed.digest.bytes),
            .timestamp(PostgresTimestamp(state.at)), .text(state.status.rawValue), .text(state.failedReason),
          ])
      }
    }
  }

  private static func queueAgain(
    _ firmware: [(id: DeviceID, version: UInt64)], _ connection: some PostgresExecutor
  ) async throws -> Bool {
    guard !firmware.isEmpty else { return false }
    // Joined with what is desired now: it may have changed since it was read.
    let queued = try await connection.query(
      """
      insert into registry.outbox (device_id, version, cause)
      select d.id, d.desired_version, 'reconciled'
      from unnest($1::uuid[], $2::int8[]) as u (device_id, version)
        join registry.devices d on d.id = u.device_id and d.desired_version = u.version
        and d.decommissioned_at is null
      order by d.id
      on conflict (device_id, version) do nothing
      returning device_id
      """,
      [.uuidArray(firmware.map(\.id.bytes)), .int8Array(firmware.map { Int64($0.version) })])
    guard !queued.isEmpty else { return false }
    try await announceOutbox(connection)
    return true
  }
}

extension TrackedDevice.Change {
  var event: RegistryEvent.Kind {
    switch self {
    case .stateReported: .stateReported
    case .cameOnline: .deviceOnline
    case .wentOffline: .deviceOffline
    }
  }

  func detail(of device: TrackedDevice) -> [String: JSONValue] {
    guard self == .stateReported, let state = device.reported else { return [:] }
    var detail: [String: JSONValue] = [
      "version": .integer(Int64(clamping: state.running?.version ?? 0)),
      "digest": .string(state.running.map { "\($0.digest)" } ?? ""),
      "slot": .string(state.slot), "status": .string(state.status.rawValue), "reason": .string(state.reason),
    ]
    if let failed = state.failed { detail["failed"] = failed.json }
    if state.switchGapNanoseconds > 0 {
      detail["switchGapNanoseconds"] = .integer(Int64(clamping: state.switchGapNanoseconds))
    }
    return detail
  }
}
