import Foundations
import PostgreSQL
import RegistryDomain
import SwiftProtobuf
import Wire

extension RegistryStore {
  /// Stores reports of crashes in one transaction, each once.
  ///
  /// - Returns: what became of each, in the same order.
  package func record(_ crashes: [Crash]) async throws -> [CrashVerdict] {
    guard !crashes.isEmpty else { return [] }
    // In one order, as all transactions make rows; of doubles the first.
    var distinct: [Crash] = []
    for crash in crashes.sorted(by: Self.precedes)
    where distinct.last.map({ ($0.device, $0.id) == (crash.device, crash.id) }) != true {
      distinct.append(crash)
    }
    let (new, count) = (distinct, options.crashesPerDevice)
    let (known, storedCount) = try await writeShortly(reading: CrashRows.reading(new)) { rows in
      let known = Set(try rows[0].map { try DeviceRow.deviceID($0["id"]) })
      let stored = Set(
        try rows[1].map { CrashKey(device: try DeviceRow.deviceID($0["device_id"]), id: try $0["report_id"].uuid) })
      let toStore = new.filter { known.contains($0.device) && !stored.contains(CrashKey(device: $0.device, id: $0.id)) }
      return ShortTransactionPlan((known, toStore.count), writes: try CrashRows.writing(toStore, keeping: count))
    }.answer
    counters.stored(crashes: storedCount)
    return crashes.map { known.contains($0.device) ? .stored : .refused(.unknownDevice) }
  }

  private static func precedes(_ left: Crash, _ right: Crash) -> Bool {
    (left.device.bytes + left.id).lexicographicallyPrecedes(right.device.bytes + right.id)
  }

  /// Removes some of the oldest crashes, if they are older than that.
  ///
  /// - Returns: how many; as many as `limit` if there may be more.
  package func removeCrashes(olderThan age: Duration, limit: Int) async throws -> Int {
    // Numbered in the order of time, so the oldest are found without looking at the rest.
    try await read { connection in
      try await connection.execute(
        """
        delete from registry.crashes c
        using (select number from registry.crashes order by number limit $1) as oldest
        where c.number = oldest.number and c.received_at < statement_timestamp() - $2 * interval '1 millisecond'
        """,
        [.int(limit), .int8(age.wholeMilliseconds)])
    }
  }
}

private struct CrashKey: Hashable {
  let device: DeviceID
  let id: [UInt8]
}

/// How crashes are read and written, as a statement for each table.
private enum CrashRows {
  /// Keeps the devices from being deleted meanwhile, and tells which reports are stored.
  static func reading(_ crashes: [Crash]) -> [PostgresStatement] {
    [
      PostgresStatement(
        "select id from registry.devices where id = any($1) order by id for no key update",
        [.uuidArray(Array(Set(crashes.map(\.device.bytes))))]),
      PostgresStatement(
        """
        select c.device_id, c.report_id from registry.crashes c
          join unnest($1::uuid[], $2::uuid[]) as u (device_id, report_id) using (device_id, report_id)
        """,
        [.uuidArray(crashes.map(\.device.bytes)), .uuidArray(crashes.map(\.id))]),
    ]
  }

  /// - Parameters:
  ///   - crashes: in the order of their devices.
  ///   - count: how many of each device are kept, these included.
  static func writing(_ crashes: [Crash], keeping count: Int) throws -> [PostgresStatement] {
    guard !crashes.isEmpty else { return [] }
    let new = Dictionary(grouping: crashes, by: \.device).mapValues(\.count).sorted {
      $0.key.bytes.lexicographicallyPrecedes($1.key.bytes)
    }
    return [
      PostgresStatement(
        """
        delete from registry.crashes c
        using unnest($1::uuid[], $2::int8[]) as u (device_id, kept)
          cross join lateral (
            select k.number from registry.crashes k where k.device_id = u.device_id
            order by k.number desc offset u.kept limit 1
          ) as newest_doomed
        where c.device_id = u.device_id and c.number <= newest_doomed.number
        """,
        [.uuidArray(new.map(\.key.bytes)), .int8Array(new.map { Int64(max(0, count - $0.value)) })]),
      CrashHealth.noting(crashes),
      try inserting(crashes),
    ]
  }

  /// Stores the crashes, and makes their events.
  private static func inserting(_ crashes: [Crash]) throws -> PostgresStatement {
    var groups: [String] = []
    var reports: [[UInt8]] = []
    var lastLines: [[UInt8]] = []
    for crash in crashes {
      groups.append(try CrashGroup.id(of: crash.report))
      var (report, lines) = (crash.report, WireCrashReport())
      swap(&report.lastLines, &lines.lastLines)
      reports.append(try report.serializedBytes())
      lastLines.append(try lines.serializedBytes())
    }
    return PostgresStatement(
      """
      with new as (
        insert into registry.crashes
          (device_id, report_id, app_name, group_id, report, last_lines, occurred_at, version)
        select u.device_id, u.report_id, u.app_name, u.group_id, u.report, u.last_lines,
          case when u.at >= 0
            then least(clock_timestamp(), 'epoch'::timestamptz + u.at * interval '1 microsecond') end, u.version
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $9::bytea[], $10::int8[], $7::int8[])
          as u (device_id, report_id, app_name, group_id, report, last_lines, at, version)
        order by u.device_id, u.report_id
        on conflict (device_id, report_id) do nothing
        returning number, device_id, report_id, group_id
      )
      select registry.append_events(
        array_agg(new.device_id order by new.number), array_agg($8::text order by new.number),
        array_agg(
          jsonb_build_object(
            'number', new.number, 'group', new.group_id, 'appName', d.app_name, 'code', d.code, 'version', d.version
          )::text order by new.number))
      from new join unnest($1::uuid[], $2::uuid[], $3::text[], $6::text[], $7::int8[])
        as d (device_id, report_id, app_name, code, version) using (device_id, report_id)
      """,
      [
        .uuidArray(crashes.map(\.device.bytes)), .uuidArray(crashes.map(\.id)),
        .textArray(crashes.map(\.report.appName)), .textArray(groups), .byteaArray(reports),
        .textArray(crashes.map(\.report.code)), .int8Array(crashes.map { Int64($0.report.firmwareVersion) }),
        .text(RegistryEvent.Kind.crashReported.rawValue), .byteaArray(lastLines),
        .int8Array(crashes.map(CrashHealth.microseconds)),
      ])
  }
}
