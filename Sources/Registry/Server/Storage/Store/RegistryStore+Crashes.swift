package import Foundations
import PostgreSQL
package import RegistryDomain
import SwiftProtobuf
import Wire

extension RegistryStore {
  /// How many of the newest crashes groups are made of.
  package static let groupedCrashes = 20_000
  /// How many frames each crash of a list has; a crash that is asked for by its number has all.
  package static let listedFrames = 8

  /// Crashes, newest first, without their last log lines.
  ///
  /// - Parameters:
  ///   - device: nil: of all devices.
  ///   - app: nil: of all apps.
  ///   - number: only those below it; nil: from the newest.
  ///   - grouped: equal crashes as their newest one, with their count.
  package func crashes(
    of device: DeviceID?, app: String?, before number: UInt64?, grouped: Bool, limit: Int
  ) async throws -> Page<StoredCrash, UInt64> {
    let app = try app.map { try FieldRules.searchText($0, maximumLength: 32) }
    var filter: SQL = "$3::uuid is null and $4::text is null"
    switch (device, app) {
    case (nil, nil): break
    case (_, nil): filter = "device_id = $3 and $4::text is null"
    case (nil, _): filter = "$3::uuid is null and app_name = $4"
    case (_, _): filter = "device_id = $3 and app_name = $4"
    }
    let statement: SQL =
      grouped
      ? """
      with recent as (
        select number, device_id, group_id from registry.crashes where
      """ + " " + filter + """
           order by number desc limit $5
        ), grouped as (
          select max(number) as number, count(*) as count, count(distinct device_id) as devices
          from recent group by group_id
        )
        select c.number, c.report, c.group_id, c.received_at, g.count, g.devices
        from grouped g join registry.crashes c on c.number = g.number
        where c.number < $1 order by c.number desc limit $2
        """
      : """
      select number, report, group_id, received_at, $5::int8 as count, $5::int8 as devices
      from registry.crashes where number < $1 and
      """ + " " + filter + " order by number desc limit $2"
    let rows = try await read { connection in
      let rows = try await connection.query(
        statement,
        [
          .int8(number.map { Int64(clamping: $0) } ?? .max), .int(limit + 1), .uuid(device?.bytes), .text(app),
          .int(grouped ? Self.groupedCrashes : 0),
        ])
      if rows.isEmpty, let device { try await Self.requireDevice(device, connection) }
      return rows
    }
    let items = try rows.prefix(limit).map { row in
      var crash = try Self.crash(row)
      crash.report.frames = Array(crash.report.frames.prefix(Self.listedFrames))
      crash.count = UInt64(try row["count"].int64)
      crash.devices = UInt64(try row["devices"].int64)
      return crash
    }
    return Page(items: items, next: rows.count > limit ? items.last?.number : nil)
  }

  /// One crash with its last log lines, and how many equal ones there are.
  package func crash(_ number: UInt64) async throws -> StoredCrash {
    try await read { connection in
      let rows = try await connection.query(
        """
        select number, report, last_lines, group_id, received_at from registry.crashes where number = $1
        """,
        [.int8(Int64(clamping: number))])
      guard let row = rows.first else {
        throw RequestFailure(
          .notFound, reason: "unknown-crash",
          message: "there is no crash \(number), or it is no longer kept: list the crashes there are")
      }
      var crash = try Self.crash(row)
      crash.report.lastLines = try WireCrashReport(serializedBytes: try row["last_lines"].bytes).lastLines
      let counts = try await connection.queryFirst(
        """
        select count(*) as count, count(distinct device_id) as devices from (
          select device_id, group_id from registry.crashes where app_name = $1 order by number desc limit $3
        ) as recent where group_id = $2
        """,
        [.text(crash.report.appName), .text(crash.group), .int(Self.groupedCrashes)])
      crash.count = UInt64(try counts?["count"].int64 ?? 0)
      crash.devices = UInt64(try counts?["devices"].int64 ?? 0)
      return crash
    }
  }

  private static func crash(_ row: PostgresRow) throws -> StoredCrash {
    StoredCrash(
      number: UInt64(try row["number"].int64), report: try WireCrashReport(serializedBytes: try row["report"].bytes),
      receivedAt: try row["received_at"].date, group: try row["group_id"].text)
  }
}
