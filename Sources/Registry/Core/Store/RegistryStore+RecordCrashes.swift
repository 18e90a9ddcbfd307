import FirmwareImage
import PostgreSQL
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
    let (new, ids) = (distinct, Set(crashes.map(\.device)).map(\.bytes))
    let known = try await write { connection in
      let known = try await Self.lockDevices(ids, connection)
      let stored = try await Self.insert(new.filter { known.contains($0.device) }, connection)
      for device in stored { try await Self.trimCrashes(of: device, keeping: options.crashesPerDevice, connection) }
      return known
    }
    return crashes.map { known.contains($0.device) ? .stored : .refused(.unknownDevice) }
  }

  private static func precedes(_ left: Crash, _ right: Crash) -> Bool {
    (left.device.bytes + left.id).lexicographicallyPrecedes(right.device.bytes + right.id)
  }

  /// Keeps the devices from being deleted meanwhile.
  private static func lockDevices(
    _ ids: [[UInt8]], _ connection: some PostgresExecutor
  ) async throws -> Set<DeviceID> {
    let rows = try await connection.query(
      "select id from registry.devices where id = any($1) order by id for key share", [.uuidArray(ids)])
    return Set(try rows.map { try DeviceRow.deviceID($0["id"]) })
  }

  /// - Returns: the devices that have a new one, in the order of their IDs.
  private static func insert(
    _ crashes: [Crash], _ connection: some PostgresExecutor
  ) async throws -> [DeviceID] {
    guard !crashes.isEmpty else { return [] }
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
    // The numbers of reports that are stored already are not used up.
    let rows = try await connection.query(
      """
      with new as (
        insert into registry.crashes (device_id, report_id, app_name, group_id, report, last_lines)
        select u.device_id, u.report_id, u.app_name, u.group_id, u.report, u.last_lines
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $9::bytea[])
          as u (device_id, report_id, app_name, group_id, report, last_lines)
        where not exists (
          select 1 from registry.crashes c where c.device_id = u.device_id and c.report_id = u.report_id)
        order by u.device_id, u.report_id
        on conflict (device_id, report_id) do nothing
        returning number, device_id, report_id, group_id
      ), noted as (
        insert into registry.events (device_id, kind, detail)
        select new.device_id, $8, jsonb_build_object(
          'number', new.number, 'group', new.group_id, 'appName', d.app_name, 'code', d.code, 'version', d.version)
        from new join unnest($1::uuid[], $2::uuid[], $3::text[], $6::text[], $7::int8[])
          as d (device_id, report_id, app_name, code, version) using (device_id, report_id)
      )
      select distinct device_id from new order by device_id
      """,
      [
        .uuidArray(crashes.map(\.device.bytes)), .uuidArray(crashes.map(\.id)),
        .textArray(crashes.map(\.report.appName)), .textArray(groups), .byteaArray(reports),
        .textArray(crashes.map(\.report.code)), .int8Array(crashes.map { Int64($0.report.firmwareVersion) }),
        .text(RegistryEvent.Kind.crashReported.rawValue), .byteaArray(lastLines),
      ])
    return try rows.map { try DeviceRow.deviceID($0["device_id"]) }
  }

  private static func trimCrashes(
    of device: DeviceID, keeping count: Int, _ connection: some PostgresExecutor
  ) async throws {
    try await connection.query(
      """
      delete from registry.crashes where device_id = $1 and number <= (
        select number from registry.crashes where device_id = $1 order by number desc offset $2 limit 1)
      """,
      [.uuid(device.bytes), .int(count)])
  }

  /// Removes some of the oldest crashes, if they are older than that.
  ///
  /// - Returns: how many; as many as `limit` if there may be more.
  func removeCrashes(olderThan age: Duration, limit: Int) async throws -> Int {
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
